using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Records;
using Lockstep.Gateway.Http;
using Lockstep.Gateway.Routing;

namespace Lockstep.Gateway.Kinto;

/// <summary>Parses the body of a batch into requests. An invalid batch is refused as a whole; the parts' own content is not checked here.</summary>
internal sealed class BatchReader(KintoOptions options, HttpOptions http)
{
    private static readonly RequestPath Version = RequestPath.OfDecoded(KintoProtocol.Prefix);
    private static readonly RequestPath Root = RequestPath.OfDecoded("/");
    private static readonly string[] Methods = ["GET", "HEAD", "DELETE", "TRACE", "POST", "PUT", "PATCH"];

    // The parsed form of a larger batch is not kept while it is carried out: its parts' bodies are parsed again.
    private const int MaxKeptBytes = 256 << 10;

    /// <param name="outer">The batch.</param>
    /// <returns>The parts, or the error. To be disposed of once they are carried out.</returns>
    public ReadBatch Read(KintoRequest outer)
    {
        try
        {
            var document = JsonText.Parse(outer.Body);
            var keeps = false;
            try
            {
                var (requests, error) = Read(outer, document.RootElement, keepsBodies: outer.Body.Length <= MaxKeptBytes);
                keeps = requests is not null && outer.Body.Length <= MaxKeptBytes;
                return new ReadBatch(requests, error, keeps ? document : null);
            }
            finally
            {
                if (!keeps)
                {
                    document.Dispose();
                }
            }
        }
        catch (JsonException e)
        {
            return new ReadBatch(null, KintoBody.InvalidJson(e), null);
        }
    }

    private (List<KintoRequest>? Requests, KintoResponse? Error) Read(KintoRequest outer, JsonElement root, bool keepsBodies)
    {
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

        var count = parts.GetArrayLength();
        var requests = new List<KintoRequest>(count);
        var common = Defaults.Of(outer, defaults);
        long bodies = 0;
        foreach (var part in parts.EnumerateArray())
        {
            var (request, error) = Read(outer, part, common, requests.Count, count, keepsBodies);
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

    private (KintoRequest? Request, KintoResponse? Error) Read(KintoRequest outer, JsonElement part, Defaults defaults, int index, int count, bool keepsBodies)
    {
        KintoResponse Bad(string field, string reason) => KintoErrors.Invalid("body", $"requests.{index}.{field}", reason);

        if (part.ValueKind != JsonValueKind.Object)
        {
            return (null, KintoErrors.Invalid("body", $"requests.{index}", "should be an object"));
        }

        var (methodElement, pathElement, ownHeaders, own) = (defaults.Method, defaults.Path, default(JsonElement), default(JsonElement));
        foreach (var property in part.EnumerateObject())
        {
            if (property.NameEquals("method"u8))
            {
                methodElement = property.Value;
            }
            else if (property.NameEquals("path"u8))
            {
                pathElement = property.Value;
            }
            else if (property.NameEquals("headers"u8))
            {
                ownHeaders = property.Value;
            }
            else if (property.NameEquals("body"u8))
            {
                own = property.Value;
            }
            else
            {
                return (null, Bad(property.Name, "Unrecognized key"));
            }
        }

        // :: Step 1: method and path.
        if (MethodOf(methodElement) is not { } method)
        {
            return (null, Bad("method", $"should be one of {string.Join(", ", Methods)}"));
        }

        if (JsonText.Read(pathElement) is not ['/', ..] target)
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

        // :: Step 2: headers: a part's own, then the defaults', then the batch's. Those of the defaults are read once.
        if (defaults.HeaderElement.ValueKind != JsonValueKind.Undefined && defaults.Headers is null)
        {
            var read = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
            if (ReadHeaders(defaults.HeaderElement, read) is { } unreadable)
            {
                return (null, Bad("headers", unreadable));
            }

            defaults.Headers = read;
        }

        var headers = defaults.Headers;
        if (ownHeaders.ValueKind != JsonValueKind.Undefined)
        {
            headers = headers is null ? new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) : new Dictionary<string, string>(headers, StringComparer.OrdinalIgnoreCase);
            if (ReadHeaders(ownHeaders, headers) is { } unreadable)
            {
                return (null, Bad("headers", unreadable));
            }
        }

        // :: Step 3: body.
        var shared = defaults.Body;
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
            Header = headers is null ? outer.Header : Over(outer.Header, headers),
            Body = own.ValueKind == JsonValueKind.Undefined ? defaults.BodyText : Merge(outer.Body, own, shared),
            IsParsed = true,
            Json = !keepsBodies ? default : own.ValueKind == JsonValueKind.Undefined ? shared : shared.ValueKind == JsonValueKind.Undefined ? own : default,
            SignInAsync = outer.SignInAsync,
            MayRegister = outer.MayRegister,
            Address = outer.Address,
            BaseUrl = outer.BaseUrl,
            Who = outer.Who,
            Room = outer.Room,
            Share = Math.Max(1, count),
        }, null);
    }

    private static Func<string, string?> Over(Func<string, string?> outer, Dictionary<string, string> headers) =>
        name => headers.TryGetValue(name, out var value) ? value : outer(name);

    /// <returns>One of <see cref="Methods"/>, or <c>GET</c> by default; null if it is invalid.</returns>
    private static string? MethodOf(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Undefined)
        {
            return "GET";
        }

        if (JsonText.Read(element) is { } text)
        {
            foreach (var method in Methods)
            {
                if (string.Equals(method, text, StringComparison.Ordinal))
                {
                    return method;
                }
            }
        }

        return null;
    }

    /// <returns>Why they cannot be read; otherwise null.</returns>
    private static string? ReadHeaders(JsonElement source, Dictionary<string, string> headers)
    {
        if (source.ValueKind != JsonValueKind.Object)
        {
            return "should be an object";
        }

        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in source.EnumerateObject())
        {
            if (JsonText.Read(header.Value) is not { } value)
            {
                return "contains non string value";
            }

            // JSON names that differ in case are different; of two preconditions none may get lost.
            if (!names.Add(header.Name))
            {
                return $"contains {header.Name} twice";
            }

            headers[header.Name] = value;
        }

        return null;
    }

    /// <summary>The part's own bytes if there are no defaults; otherwise both merged, the part's own winning at every level.</summary>
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

    /// <summary>The element's bytes in the parsed text, which lives as long as the batch.</summary>
    private static ReadOnlyMemory<byte> Part(ReadOnlyMemory<byte> text, JsonElement element)
    {
        var part = JsonMarshal.GetRawUtf8Value(element);
        return text.Span.Overlaps(part, out var offset) ? text.Slice(offset, part.Length) : part.ToArray();
    }

    /// <summary>Values for parts that do not set their own.</summary>
    private sealed class Defaults
    {
        public JsonElement Method { get; private init; }

        public JsonElement Path { get; private init; }

        public JsonElement HeaderElement { get; private init; }

        /// <summary>Null until a part needs them, and if there are none.</summary>
        public Dictionary<string, string>? Headers { get; set; }

        public JsonElement Body { get; private init; }

        public ReadOnlyMemory<byte> BodyText { get; private init; }

        public static Defaults Of(KintoRequest outer, JsonElement element)
        {
            var body = Member(element, "body"u8);
            return new Defaults
            {
                Method = Member(element, "method"u8),
                Path = Member(element, "path"u8),
                HeaderElement = Member(element, "headers"u8),
                Body = body,
                BodyText = body.ValueKind == JsonValueKind.Undefined ? default : Part(outer.Body, body),
            };
        }

        private static JsonElement Member(JsonElement element, ReadOnlySpan<byte> name) =>
            element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;
    }
}
