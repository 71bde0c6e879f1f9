using System.Buffers;
using Lockstep.Core.Records;

namespace Lockstep.Gateway.Sync15;

/// <summary>Writes a list of records or of their ids, in one piece or in several.</summary>
/// <param name="type">A JSON list, or an entry a line.</param>
/// <param name="isFull">Records, and not only ids.</param>
internal sealed class ListWriter(string type, bool isFull)
{
    private readonly bool inLines = type is SyncAnswers.Newlines;
    private bool hasBegun;

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

    public void End(IBufferWriter<byte> output)
    {
        if (!inLines)
        {
            output.Write(hasBegun ? "]"u8 : "[]"u8);
        }
    }
}
