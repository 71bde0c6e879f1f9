using System.Buffers;
using System.Buffers.Binary;
using Lockstep.Core.Records;
using Lockstep.Gateway.SyncStorage;

namespace Lockstep.Gateway.Sync11.Storage;

/// <summary>Writes a list of records or of their ids, in one piece or in several.</summary>
/// <param name="form">How.</param>
/// <param name="isFull">Records, and not only ids.</param>
internal sealed class WeaveListWriter(ListForm form, bool isFull)
{
    private const int LengthBytes = 4;

    private readonly ListWriter texts = new(form == ListForm.Newlines, isFull);

    /// <summary>What a client wants: the form of lengths if it is named at all, JSON where nothing is that there is.</summary>
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

    /// <summary>The next one.</summary>
    public void Write(IBufferWriter<byte> output, StoredRecord record)
    {
        if (form != ListForm.Whoisi)
        {
            texts.Write(output, record);
            return;
        }

        // Counted and not copied, so that it takes no more room than in the other forms.
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

    /// <summary>There are no more.</summary>
    public void End(IBufferWriter<byte> output)
    {
        if (form != ListForm.Whoisi)
        {
            texts.End(output);
        }
    }
}
