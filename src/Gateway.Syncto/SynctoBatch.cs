using System.Buffers;
using System.Text.Json;
using Lockstep.Core.Storage;

namespace Lockstep.Gateway.Syncto;

/// <summary><c>POST /batch</c>: several requests in one, executed in order and independently.</summary>
internal sealed partial class SynctoBatch(BatchReader reader, SynctoAnswers answers, SynctoOptions options, ILogger<SynctoBatch> logger)
{
    /// <param name="syncto">Serves the parts.</param>
    /// <param name="outer">The batch itself; its headers apply to each part that does not set its own.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async ValueTask<SynctoResponse> PostAsync(SynctoHandlers syncto, SynctoRequest outer, CancellationToken cancellationToken)
    {
        var (requests, error) = reader.Read(outer);
        if (requests is null)
        {
            return error!;
        }

        var responses = new SynctoResponse[requests.Count];
        for (var i = 0; i < responses.Length; i++)
        {
            responses[i] = await ExecuteAsync(syncto, requests[i], cancellationToken);
        }

        // Nothing was done at all: the client's own retry logic only looks at the whole answer.
        if (responses.Length > 0 && Array.TrueForAll(responses, static response => response.Status == 503))
        {
            return responses[0];
        }

        return new SynctoResponse(200)
        {
            Size = responses.Sum(static response => response.Size),
            Backoff = responses.Select(static response => response.Backoff).DefaultIfEmpty().Max(),
            Alert = responses.Select(static response => response.Alert).FirstOrDefault(static alert => alert is not null),
            Body = output => Write(output, requests, responses),
        };
    }

    /// <summary>A part that fails is reported as failed. Earlier parts stay done, and are reported too.</summary>
    private async ValueTask<SynctoResponse> ExecuteAsync(SynctoHandlers syncto, SynctoRequest request, CancellationToken cancellationToken)
    {
        if (SynctoResources.Table.Match(request.Path) is not { } match)
        {
            return SynctoErrors.NotFound;
        }

        if (SynctoProtocol.Protection(options, match, request.Path, request.Method) is { } disabled)
        {
            return disabled;
        }

        if (match.Resource.Find(request.Method) is not { } method)
        {
            return SynctoErrors.NoMethod(match.Resource.Allow);
        }

        if (request.Refusal is { } refusal)
        {
            return refusal;
        }

        try
        {
            return await method.Handler(syncto, request, cancellationToken);
        }
        catch (StoreUnavailableException)
        {
            return SynctoErrors.Unavailable;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFault(e);
            return SynctoErrors.Internal;
        }
    }

    private void Write(IBufferWriter<byte> output, List<SynctoRequest> requests, SynctoResponse[] responses)
    {
        using var writer = new Utf8JsonWriter(output, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartObject();
        writer.WriteStartArray("responses");
        for (var i = 0; i < responses.Length; i++)
        {
            var response = responses[i];
            writer.WriteStartObject();
            writer.WriteNumber("status", response.Status);
            writer.WriteString("path", requests[i].Path.Text);
            writer.WriteStartObject("headers");
            foreach (var (name, value) in answers.HeadersOf(response))
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
            writer.WritePropertyName("body");
            if (response.Body is null || (requests[i].Method is "HEAD" && response.Status < 400))
            {
                // Bodies are always objects.
                writer.WriteStartObject();
                writer.WriteEndObject();
            }
            else
            {
                // It writes directly: the writer has flushed everything before, and need not know what follows.
                writer.Flush();
                response.Body(output);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    [LoggerMessage(61, LogLevel.Error, "A part of a batch failed and was answered 500. The exception says why: a fault in the program, which should be reported, or a stop that cut the request off.")]
    private partial void LogFault(Exception exception);
}
