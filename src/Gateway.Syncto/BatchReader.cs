using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Pipeline;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Syncto;

/// <summary>Splits the body of a batch into requests. Refuses an invalid batch as a whole; does not look at what the parts request.</summary>
internal sealed class BatchReader(SynctoOptions options, HttpOptions http)
{
    private static readonly string[] Methods = ["GET", "HEAD", "DELETE", "TRACE", "POST", "PUT", "PATCH"];
    private static readonly string[] Members = ["method", "path", "headers", "body"];

    /// <param name="outer">The batch.</param>
    /// <returns>The parts, or the refusal.</returns>
    public (List<SynctoRequest>? Requests, SynctoResponse? Error) Read(SynctoRequest outer)
    {
        try
        {
            using var document = JsonText.Parse(outer.Body);
            var root = document.RootElement;
            if (Member(root, "requests") is not { ValueKind: JsonValueKind.Array } parts)
            {
                return (null, SynctoErrors.BadBody("requests", "should be a list"));
            }

            if (parts.GetArrayLength() > options.BatchMaxRequests)
            {
                return (null, SynctoErrors.BadBody("requests", $"Number of requests is limited to {options.BatchMaxRequests}"));
            }

            var defaults = Member(root, "defaults");
            if (defaults.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
            {
                return (null, SynctoErrors.BadBody("defaults", "should be an object"));
            }

            var requests = new List<SynctoRequest>();
            long bodies = 0;
            foreach (var part in parts.EnumerateArray())
            {
                var (request, error) = Read(outer, part, defaults, requests.Count);
                if (request is null)
                {
                    return (null, error);
                }

                bodies += request.Body.Length;
                if (bodies > http.MaxRequestBytes)
                {
                    return (null, SynctoErrors.TooLarge($"The bodies of a batch's requests may have {http.MaxRequestBytes} bytes, defaults counted for each."));
                }

                requests.Add(request);
            }

            return (requests, null);
        }
        catch (JsonException e)
        {
            return (null, SynctoErrors.BadJson(e));
        }
    }

    private (SynctoRequest? Request, SynctoResponse? Error) Read(SynctoRequest outer, JsonElement part, JsonElement defaults, int index)
    {
        (SynctoRequest?, SynctoResponse?) Bad(string field, string reason) => (null, SynctoErrors.BadBody($"requests.{index}.{field}", reason));

        if (part.ValueKind != JsonValueKind.Object || part.EnumerateObject().Any(static member => !Members.Contains(member.Name, StringComparer.Ordinal)))
        {
            return Bad("*", $"should be an object of {string.Join(", ", Members)}");
        }

        // :: Step 1: method and path.
        var methodElement = Member(part, defaults, "method");
        var method = methodElement.ValueKind == JsonValueKind.Undefined ? "GET" : JsonText.Read(methodElement);
        if (method is null || !Methods.Contains(method, StringComparer.Ordinal))
        {
            return Bad("method", $"should be one of {string.Join(", ", Methods)}");
        }

        if (JsonText.Read(Member(part, defaults, "path")) is not ['/', ..] target || target.Length > http.MaxHeaderBytes)
        {
            return Bad("path", $"should begin with a slash, and have at most {http.MaxHeaderBytes} characters");
        }

        var question = target.IndexOf('?', StringComparison.Ordinal);
        var queryText = question < 0 ? "" : target[question..];
        var path = PathOf(question < 0 ? target : target[..question]);
        if (path.Count == 2 && path[1] is "batch")
        {
            return (null, SynctoErrors.BadBody("requests", "Recursive call on /batch endpoint is forbidden."));
        }

        // :: Step 2: headers. A part's own come first, then the defaults', then the batch's.
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var source in (ReadOnlySpan<JsonElement>)[Member(defaults, "headers"), Member(part, "headers")])
        {
            if (source.ValueKind == JsonValueKind.Undefined)
            {
                continue;
            }

            if (source.ValueKind != JsonValueKind.Object)
            {
                return Bad("headers", "should be an object");
            }

            var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (var header in source.EnumerateObject())
            {
                // The JSON reader treats names that differ in case as two names. Of two conditions none may get lost.
                if (JsonText.Read(header.Value) is not { } value || !names.Add(header.Name))
                {
                    return Bad("headers", "should be strings, each once");
                }

                headers[header.Name] = value;
            }
        }

        // :: Step 3: body.
        var (own, shared) = (Member(part, "body"), Member(defaults, "body"));
        if (own.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object) || shared.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
        {
            return Bad("body", "should be an object");
        }

        var isRead = QueryParameters.TryParse(queryText, out var query);
        return (outer with
        {
            Method = method,
            Path = path,
            Query = isRead ? query! : QueryParameters.None,
            QueryText = queryText,
            Refusal = isRead ? null : SynctoErrors.Of(new Refusal.BadQuery()),
            Header = name => headers.TryGetValue(name, out var value) ? value
                : name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) ? null : outer.Header(name),
            Body = Merge(outer.Body, own, shared),
            IsPart = true,
        }, null);
    }

    /// <summary>Adds the version, which a part may leave out, and removes the prefix, which it may have.</summary>
    private static RequestPath PathOf(string target)
    {
        var path = RequestPath.Parse(target);
        path = path.Below(RequestPath.OfDecoded(SynctoPaths.Prefix)) ?? path;
        if (path.Count == 0 || !SynctoPaths.IsVersion(path[0]))
        {
            target = string.Concat(Enumerable.Range(0, path.Count).Select(i => "/" + Uri.EscapeDataString(path[i])));
            path = RequestPath.Parse("/v1" + (target.Length == 0 ? "/" : target));
        }

        return path.Count > 2 ? path.WithoutFinalSlashes() ?? path : path;
    }

    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static JsonElement Member(JsonElement part, JsonElement defaults, string name) =>
        Member(part, name) is { ValueKind: not JsonValueKind.Undefined } own ? own : Member(defaults, name);

    /// <summary>The bytes of the one if the other is missing. Otherwise both are merged, and the part's own members win at every level.</summary>
    private static ReadOnlyMemory<byte> Merge(ReadOnlyMemory<byte> text, JsonElement own, JsonElement shared)
    {
        if (own.ValueKind == JsonValueKind.Undefined || shared.ValueKind == JsonValueKind.Undefined)
        {
            return Part(text, own.ValueKind == JsonValueKind.Undefined ? shared : own);
        }

        var merged = new System.Buffers.ArrayBufferWriter<byte>();
        JsonMerge.Write(merged, shared, own, JsonMergeRule.Deep);
        return merged.WrittenMemory;
    }

    /// <summary>The element's place in the text that it was parsed from, which lives as long as the batch.</summary>
    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> text, JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Undefined)
        {
            return default;
        }

        var part = JsonMarshal.GetRawUtf8Value(element);
        return text.Span.Overlaps(part, out var offset) ? text.Slice(offset, part.Length) : part.ToArray();
    }
}
