using System.Buffers;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.SyncStorage;

/// <summary>Writes a list of records or of their ids, in one piece or in several.</summary>
/// <param name="inLines">Whether each entry is a line, instead of an item of a JSON list.</param>
/// <param name="isFull">Whether whole records are written, and not only ids.</param>
public sealed class ListWriter(bool inLines, bool isFull)
{
    private bool hasBegun;

    /// <summary>Writes the next one.</summary>
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

    /// <summary>Ends the list.</summary>
    public void End(IBufferWriter<byte> output)
    {
        if (!inLines)
        {
            output.Write(hasBegun ? "]"u8 : "[]"u8);
        }
    }
}
