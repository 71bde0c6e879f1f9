using System.Buffers;
using System.Buffers.Binary;
using Lockstep.Core.Records;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Writes a list of records or of their ids, in one or several pieces.</summary>
/// <param name="form">The format.</param>
/// <param name="isFull">Whether to write the records, and not only their ids.</param>
internal sealed class WeaveListWriter(ListForm form, bool isFull)
{
    private const int LengthBytes = 4;

    private readonly ListWriter texts = new(form == ListForm.Newlines, isFull);

    /// <summary>The format that a client wants: the one with lengths if it is named at all, JSON if no known format is named.</summary>
    /// <param name="accept">The header; null for none.</param>
    public static ListForm FormOf(string? accept)
    {
        var form = default(ListForm?);
        foreach (var range in (accept ?? "").Split(',', StringSplitOptions.TrimEntries))
        {
            switch (range.Split(';')[0].Trim().ToLowerInvariant())
            {
                case WeaveAnswers.Whoisi:
                    return ListForm.Whoisi;
                case WeaveAnswers.Newlines:
                    form ??= ListForm.Newlines;
                    break;
                case WeaveAnswers.Json:
                    form ??= ListForm.Json;
                    break;
            }
        }

        return form ?? ListForm.Json;
    }

    public static string TypeOf(ListForm form) => form switch
    {
        ListForm.Newlines => WeaveAnswers.Newlines,
        ListForm.Whoisi => WeaveAnswers.Whoisi,
        _ => WeaveAnswers.Json,
    };

    /// <summary>Writes the next record.</summary>
    public void Write(IBufferWriter<byte> output, StoredRecord record)
    {
        if (form != ListForm.Whoisi)
        {
            texts.Write(output, record);
            return;
        }

        // The length is counted without a copy of the record, so that this format needs no more room than the others.
        var length = isFull ? RecordWriter.LengthOf(record) : RecordWriter.LengthOfId(record);
        BinaryPrimitives.WriteInt32BigEndian(output.GetSpan(LengthBytes), checked((int)length));
        output.Advance(LengthBytes);
        if (isFull)
        {
            RecordWriter.Write(output, record);
        }
        else
        {
            RecordWriter.WriteId(output, record);
        }
    }

    /// <summary>Ends the list.</summary>
    public void End(IBufferWriter<byte> output)
    {
        if (form != ListForm.Whoisi)
        {
            texts.End(output);
        }
    }
}
