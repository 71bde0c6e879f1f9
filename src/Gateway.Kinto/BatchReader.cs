using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto;

/// <summary>The body of a batch, taken apart into requests. What is no batch is refused whole; what a part asks for is not looked at here.</summary>
internal sealed class BatchReader(KintoOptions options, HttpOptions http)
{
    private static readonly RequestPath Version = RequestPath.OfDecoded(KintoProtocol.Prefix);
    private static readonly RequestPath Root = RequestPath.OfDecoded("/");
    private static readonly string[] Methods = ["GET", "HEAD", "DELETE", "TRACE", "POST", "PUT", "PATCH"];

    /// <param name="outer">The batch.</param>
    /// <returns>The parts, or why there are none.</returns>
    public (List<KintoRequest>? Requests, KintoResponse? Error) Read(KintoRequest outer)
    {
        try
        {
            using var document = JsonText.Parse(outer.Body);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("requests", out var parts) || parts.ValueKind != JsonValueKind.Array)
            {
                return (null, KintoErrors.Invalid("body", "requests", "requests should be a list"));
            }

            if (parts.GetArrayLength() > options.BatchMaxRequests)
            {
                return (null, KintoErrors.Invalid("body", "requests", $"Number of requests is limited to {options.BatchMaxRequests}"));
            }

            root.TryGetProperty("defaults", out var defaults);
            if (defaults.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
            {
                return (null, KintoErrors.Invalid("body", "defaults", "defaults should be an object"));
            }

            if (root.EnumerateObject().FirstOrDefault(property => !property.NameEquals("requests"u8) && !property.NameEquals("defaults"u8)) is { Value.ValueKind: not JsonValueKind.Undefined } unknown)
            {
                return (null, KintoErrors.Invalid("body", unknown.Name, "Unrecognized key"));
            }

            var requests = new List<KintoRequest>();
            var sharedBody = Member(defaults, "body");
            ReadOnlyMemory<byte> shared = sharedBody.ValueKind == JsonValueKind.Undefined ? default : Part(outer.Body, sharedBody);
            long bodies = 0;
            foreach (var part in parts.EnumerateArray())
            {
                var (request, error) = Read(outer, part, defaults, shared, requests.Count, parts.GetArrayLength());
                if (request is null)
                {
                    return (null, error);
                }

                bodies += request.Body.Length;
                if (bodies > http.MaxRequestBytes)
                {
                    return (null, KintoErrors.TooLarge($"The bodies of a batch's requests may have {http.MaxRequestBytes} bytes, defaults counted for each."));
                }

                requests.Add(request);
            }

            return (requests, null);
        }
        catch (JsonException e)
        {
            return (null, KintoBody.InvalidJson(e));
        }
    }

    private (KintoRequest? Request, KintoResponse? Error) Read(
        KintoRequest outer, JsonElement part, JsonElement defaults, ReadOnlyMemory<byte> sharedBody, int index, int count)
    {
        KintoResponse Bad(string field, string reason) => KintoErrors.Invalid("body", $"requests.{index}.{field}", reason);

        if (part.ValueKind != JsonValueKind.Object)
        {
            return (null, KintoErrors.Invalid("body", $"requests.{index}", "should be an object"));
        }

        foreach (var property in part.EnumerateObject())
        {
            if (!property.NameEquals("method"u8) && !property.NameEquals("path"u8) && !property.NameEquals("headers"u8) && !property.NameEquals("body"u8))
            {
                return (null, Bad(property.Name, "Unrecognized key"));
            }
        }

        // :: Step 1: method and path.
        var methodElement = Member(part, defaults, "method");
        var method = methodElement.ValueKind == JsonValueKind.Undefined ? "GET" : JsonText.Read(methodElement);
        if (method is null || !Methods.Contains(method, StringComparer.Ordinal))
        {
            return (null, Bad("method", $"should be one of {string.Join(", ", Methods)}"));
        }

        if (JsonText.Read(Member(part, defaults, "path")) is not ['/', ..] target)
        {
            return (null, Bad("path", "should begin with a slash"));
        }

        if (target.Length > http.MaxHeaderBytes)
        {
            return (null, Bad("path", $"may have {http.MaxHeaderBytes} bytes"));
        }

        var question = target.IndexOf('?', StringComparison.Ordinal);
        var path = RequestPath.Parse(question < 0 ? target : target[..question]);
        path = path.Below(Version) ?? path;
        path = path.Count == 0 ? Root : path.WithoutFinalSlashes() ?? path;
        var query = QueryParameters.TryParse(question < 0 ? "" : target[question..], out var parsed) ? parsed : null;
        if (path is { Count: 1 } && path[0] is "batch")
        {
            return (null, KintoErrors.Invalid("body", "requests", "Recursive call on /batch endpoint is forbidden."));
        }

        // :: Step 2: headers; a part's own, then the defaults', then the batch's.
        Dictionary<string, string>? headers = null;
        foreach (var source in (ReadOnlySpan<JsonElement>)[Member(defaults, "headers"), Member(part, "headers")])
        {
            if (source.ValueKind == JsonValueKind.Undefined)
            {
                continue;
            }

            if (source.ValueKind != JsonValueKind.Object)
            {
                return (null, Bad("headers", "should be an object"));
            }

            var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            headers ??= new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            foreach (var header in source.EnumerateObject())
            {
                if (JsonText.Read(header.Value) is not { } value)
                {
                    return (null, Bad("headers", "contains non string value"));
                }

                // The JSON reader takes names that differ in case for two; of two preconditions none may get lost.
                if (!names.Add(header.Name))
                {
                    return (null, Bad("headers", $"contains {header.Name} twice"));
                }

                headers[header.Name] = value;
            }
        }

        // :: Step 3: body.
        var (own, shared) = (Member(part, "body"), Member(defaults, "body"));
        if (own.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object) || shared.ValueKind is not (JsonValueKind.Undefined or JsonValueKind.Object))
        {
            return (null, Bad("body", "should be an object"));
        }

        return (new KintoRequest
        {
            Method = method,
            Path = path,
            Query = query ?? QueryParameters.None,
            Refusal = query is null ? KintoErrors.BadQuery : null,
            Header = headers is null ? outer.Header : name => headers.TryGetValue(name, out var value) ? value : outer.Header(name),
            Body = own.ValueKind == JsonValueKind.Undefined ? sharedBody : Merge(outer.Body, own, shared),
            IsParsed = true,
            SignInAsync = outer.SignInAsync,
            MayRegister = outer.MayRegister,
            Address = outer.Address,
            BaseUrl = outer.BaseUrl,
            Who = outer.Who,
            Room = outer.Room,
            Share = Math.Max(1, count),
        }, null);
    }

    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static JsonElement Member(JsonElement part, JsonElement defaults, string name) =>
        Member(part, name) is { ValueKind: not JsonValueKind.Undefined } own ? own : Member(defaults, name);

    /// <summary>The part's own bytes where there are no defaults; else both, the part's own winning at every level.</summary>
    private static ReadOnlyMemory<byte> Merge(ReadOnlyMemory<byte> text, JsonElement own, JsonElement shared)
    {
        if (shared.ValueKind == JsonValueKind.Undefined)
        {
            return Part(text, own);
        }

        var merged = new ArrayBufferWriter<byte>();
        JsonMerge.Write(merged, shared, own, JsonMergeRule.Deep);
        return merged.WrittenMemory;
    }

    /// <summary>Where the element lies in the text that it was parsed from, which lives as long as the batch.</summary>
    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> text, JsonElement element)
    {
        var part = JsonMarshal.GetRawUtf8Value(element);
        return text.Span.Overlaps(part, out var offset) ? text.Slice(offset, part.Length) : part.ToArray();
    }
}
