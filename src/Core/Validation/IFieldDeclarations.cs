namespace Lockstep.Core.Validation;

/// <summary>Which fields of its records a collection says are to be indexed. A protocol knows where that is said. Safe for concurrent use.</summary>
public interface IFieldDeclarations
{
    /// <summary>Reads what a collection says.</summary>
    /// <param name="data">Its data.</param>
    FieldDeclaration Read(ReadOnlyMemory<byte> data);
}
