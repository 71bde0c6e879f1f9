using System.Buffers;
using System.Text.Json;
using Lockstep.Gateway.Http;

namespace Lockstep.Gateway.Kinto;

/// <summary><c>POST /batch</c>: several requests in one, carried out in order.</summary>
internal sealed class KintoBatch(BatchReader reader, KintoExecutor executor, KintoOptions options)
{
    /// <param name="kinto">The handlers of the parts.</param>
    /// <param name="outer">The batch itself; its headers apply to each part that does not give its own.</param>
    public KintoPlan Plan(KintoHandlers kinto, KintoRequest outer) =>
        new KintoPlan.Task(cancellationToken => ExecuteAsync(kinto, outer, cancellationToken));

    private async ValueTask<KintoResponse> ExecuteAsync(KintoHandlers kinto, KintoRequest outer, CancellationToken cancellationToken)
    {
        using var batch = reader.Read(outer);
        if (batch.Requests is not { } requests)
        {
            return batch.Error!;
        }

        var responses = await executor.ExecuteAsync(new BatchParts(kinto, outer, requests), outer.Room, cancellationToken);

        // Nothing was done at all. The client's own retry logic only looks at the whole answer.
        if (responses.Length > 0 && Array.TrueForAll(responses, response => response.IsUnavailable))
        {
            return responses[0];
        }

        return new KintoResponse(200)
        {
            Size = responses.Sum(response => response.Size),
            SlowDown = Array.Exists(responses, response => response.SlowDown),
            Body = output => Write(output, requests, responses),
        };
    }

    private void Write(IBufferWriter<byte> output, List<KintoRequest> requests, KintoResponse[] responses)
    {
        using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartObject();
        writer.WriteStartArray("responses");
        var headers = new List<KeyValuePair<string, string>>();
        for (var i = 0; i < responses.Length; i++)
        {
            var response = responses[i];
            writer.WriteStartObject();
            writer.WriteNumber("status", response.Status);
            writer.WriteString("path", KintoProtocol.Prefix + requests[i].Path);
            writer.WriteStartObject("headers");
            headers.Clear();
            KintoHeaders.AddTo(headers, response, options);
            foreach (var (name, value) in headers)
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
            if (response.Body is null || requests[i].Method is "HEAD")
            {
                writer.WriteString("body", "");
            }
            else if (response.ContentType is not ContentTypes.Json)
            {
                var text = new ArrayBufferWriter<byte>();
                response.Body(text);
                writer.WriteString("body", text.WrittenSpan);
            }
            else
            {
                // The part writes its body itself: the writer has passed on everything before it, and need not know what follows.
                writer.WritePropertyName("body");
                writer.Flush();
                response.Body(output);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
