using System.Text;

namespace Lockstep.Gateway.Sync15.Tests.Phones;

/// <summary>
/// Sends records in as few requests as the limits allow. Each is a part of a batch, and the last one commits it; what is more than a
/// batch may hold begins another.
/// </summary>
/// <param name="limits">The server's.</param>
/// <param name="modified">When the collection was changed last, as far as the phone knows.</param>
/// <param name="post">Sends a body, with a query and <c>X-If-Unmodified-Since</c>.</param>
internal sealed class PhoneUpload(PhoneLimits limits, decimal modified, Func<string, string, decimal, Task<SyncAnswer>> post)
{
    private readonly StringBuilder body = new();
    private readonly List<string> sent = [];
    private (long Records, long Bytes) inPost;
    private (long Records, long Bytes) inBatch;
    private string? batch;

    /// <summary>When the collection was changed last, by this too.</summary>
    public decimal Modified { get; private set; } = modified;

    /// <summary>The records that the server has.</summary>
    public IReadOnlyList<string> Sent => sent;

    /// <exception cref="PhoneFault">The record is too large, or a part was not taken whole.</exception>
    public async Task AddAsync(string record, int payloadBytes)
    {
        var bytes = Encoding.UTF8.GetByteCount(record);
        if (payloadBytes > limits.MaxRecordPayloadBytes || bytes + 2 > limits.MaxRequestBytes)
        {
            throw new PhoneFault("The record is too large.");
        }

        var fitsBatch = inBatch.Records < limits.MaxTotalRecords && inBatch.Bytes + payloadBytes <= limits.MaxTotalBytes;
        var fitsPost = inPost.Records < limits.MaxPostRecords && inPost.Bytes + payloadBytes <= limits.MaxPostBytes
            && Encoding.UTF8.GetByteCount(body.ToString()) + bytes + 2 <= limits.MaxRequestBytes;
        if (body.Length > 0 && !(fitsBatch && fitsPost))
        {
            await FlushAsync(commit: !fitsBatch);
        }

        body.Append(body.Length == 0 ? '[' : ',').Append(record);
        inPost = (inPost.Records + 1, inPost.Bytes + payloadBytes);
        inBatch = (inBatch.Records + 1, inBatch.Bytes + payloadBytes);
    }

    public Task EndAsync() => body.Length == 0 ? Task.CompletedTask : FlushAsync(commit: true);

    private async Task FlushAsync(bool commit)
    {
        var query = $"?batch={Uri.EscapeDataString(batch ?? "true")}{(commit ? "&commit=true" : "")}";
        var answer = PhoneAnswers.Storage(await post(query, body.Append(']').ToString(), Modified));
        body.Clear();
        inPost = default;
        if (answer.Json.GetProperty("failed").EnumerateObject().Any())
        {
            throw new PhoneFault($"Records were not taken: {answer.Text}");
        }

        sent.AddRange(answer.Json.GetProperty("success").EnumerateArray().Select(static id => id.GetString()!));
        Modified = PhoneTime.Parse(answer.LastModified);
        if (commit)
        {
            (batch, inBatch) = (null, default);
            return;
        }

        if (answer.Status != 202 || !answer.Json.TryGetProperty("batch", out var id) || id.GetString() is not { Length: > 0 } name || (batch is not null && batch != name))
        {
            throw new PhoneFault($"The server has no batches: {answer.Status} {answer.Text}", answer.Status);
        }

        batch = name;
    }
}
