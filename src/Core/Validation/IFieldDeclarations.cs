namespace Lockstep.Core.Validation;

/// <summary>Reads which fields of its records a collection wants indexed. The protocol knows where its data says so. Safe for concurrent use.</summary>
public interface IFieldDeclarations
{
    /// <summary>Reads a collection's declaration.</summary>
    /// <param name="data">Its data.</param>
    FieldDeclaration Read(ReadOnlyMemory<byte> data);
}
