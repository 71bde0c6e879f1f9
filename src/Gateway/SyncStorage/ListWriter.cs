using System.Buffers;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>Writes a list of records or of their ids, in one piece or in several.</summary>
/// <param name="inLines">An entry a line, and not a JSON list.</param>
/// <param name="isFull">Records, and not only ids.</param>
public sealed class ListWriter(bool inLines, bool isFull)
{
    private bool hasBegun;

    /// <summary>The next one.</summary>
    public void Write(IBufferWriter<byte> output, StoredRecord record)
    {
        if (!inLines)
        {
            output.Write(hasBegun ? ","u8 : "["u8);
            hasBegun = true;
        }

        if (isFull)
        {
            RecordWriter.Write(output, record);
        }
        else
        {
            RecordWriter.WriteId(output, record);
        }

        if (inLines)
        {
            output.Write("\n"u8);
        }
    }

    /// <summary>There are no more.</summary>
    public void End(IBufferWriter<byte> output)
    {
        if (!inLines)
        {
            output.Write(hasBegun ? "]"u8 : "[]"u8);
        }
    }
}
