using Lockstep.Core.Validation;

namespace Lockstep.Storage.Contract;

/// <summary>Collections whose data is <c>{}</c> want these fields indexed; others none.</summary>
public sealed class IndexedFields(params string[] paths) : IFieldDeclarations
{
    public FieldDeclaration Read(ReadOnlyMemory<byte> data) => data.Length == 2 ? new FieldDeclaration(null, paths) : FieldDeclaration.None;
}
