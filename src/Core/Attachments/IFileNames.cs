namespace Lockstep.Core.Attachments;

/// <summary>Which file a record names. A protocol knows where its data says so. Safe for concurrent use.</summary>
public interface IFileNames
{
    /// <param name="data">A record's data, or nothing.</param>
    NamedFile Read(ReadOnlyMemory<byte> data);
}
