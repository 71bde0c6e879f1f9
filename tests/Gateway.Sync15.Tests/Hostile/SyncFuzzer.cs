using System.Globalization;

namespace Lockstep.Gateway.Sync15.Tests.Hostile;

/// <summary>Makes requests of the storage that are right in most of what they say, and wrong somewhere.</summary>
internal sealed class SyncFuzzer(Random random, string root)
{
    private static readonly string Nested = new string('[', 500);
    private static readonly string Long = new('x', 70);
    private static readonly string Large = new('y', 3_000);
    private static readonly string ManyIds = string.Join(',', Enumerable.Range(0, 101));

    private readonly HostileText text = new(random);
    private readonly List<(string Path, string Id)> batches = [("/storage/a", "0")];
    private readonly List<string> stamps = ["0", "1.5"];
    private readonly List<string> offsets = ["0"];

    /// <summary>Takes over what the server says: batches, times and places in lists come again later.</summary>
    public void Learn(HostileRequest request, SyncAnswer answer)
    {
        if (answer.Status == 202 && answer.Json.TryGetProperty("batch", out var batch))
        {
            Keep(batches, (request.Target[root.Length..].Split('?')[0], batch.GetString()!));
        }

        if (answer.Headers.TryGetValue("X-Last-Modified", out var stamp))
        {
            Keep(stamps, stamp);
        }

        if (answer.NextOffset is { } offset)
        {
            Keep(offsets, offset);
        }
    }

    public HostileRequest Next()
    {
        var method = text.OneIn(10) ? text.Of("HEAD", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "FOO", "DELETE") : text.Of("GET", "GET", "PUT", "PUT", "POST", "POST", "POST", "DELETE");
        var headers = new List<(string Name, string Value)>();
        for (var more = text.OneIn(2) ? text.UpTo(2) : 0; more > 0; more--)
        {
            var header = Header(method);
            if (!headers.Exists(other => other.Name == header.Name))
            {
                headers.Add(header);
            }
        }

        var inLines = method is "POST" && text.OneIn(6);
        if (inLines && !headers.Exists(static header => header.Name is "Content-Type") && !text.OneIn(6))
        {
            headers.Add(("Content-Type", "application/newlines"));
        }

        var body = method is "PUT" or "POST" or "PATCH" || (method is "GET" or "DELETE" && text.OneIn(30)) ? Body(method, inLines) : null;
        if (method is "POST" && text.OneIn(3))
        {
            // One that is open, where it is not one of before.
            var (path, id) = text.OneIn(4) ? batches[random.Next(batches.Count)] : batches[^1];
            return new HostileRequest(method, $"{root}{path}?batch={id}{(text.OneIn(3) ? "&commit=true" : "")}", headers, body);
        }

        return new HostileRequest(method, root + Path(method) + Query(method), headers, body);
    }

    private string Path(string method)
    {
        if (text.OneIn(20))
        {
            return text.Of(
                "", "/", "//", "/storage", "/storage/", "/storage//", "/info", "/info/", "/info/x", "/info/collections/", "/%69nfo/collections", "/info%2Fcollections", "/storage/a/1/2",
                "/storage/a/", "/storage/a//1", "/Storage/a", "/;x", "/%00", "/%", "/%zz", "/storage/%2e%2e/a", "/.", "/storage/./a", "/\\storage", "/*", "/storage/a?/1");
        }

        if (method is "GET" or "HEAD" && text.OneIn(4))
        {
            return text.Of("/info/collections", "/info/collection_counts", "/info/collection_usage", "/info/quota", "/info/configuration");
        }

        var collection = text.OneIn(16)
            ? text.Of("%61", "a%20b", "%C3%BC", "%FF", "a%2Fb", "..", "%2e", "%00", "a;b", "a+b", "%u0061", Long, "crypto", "meta", "A", "_", "-.-", "a,b", "{a}")
            : text.Of("a", "b", "c", "crypto");
        return $"/storage/{collection}" + (method is "PUT" || (method is not "POST" && text.OneIn(2)) ? $"/{(text.OneIn(16) ? OddId() : text.Of("1", "2", "3", "4", "keys"))}" : "");
    }

    private string OddId() => text.Of("%0A", "1%0A", "%00", "%2F", "%2f1", "a,b", "a%20b", "%7E", "%7F", "%C3%BC", "%FF", "..", "%2e%2e", Long, Long[..64], "%", "1;v=2", "%31", "\"", "~", "{1}", "%25");

    private string Query(string method)
    {
        var choice = text.UpTo(9);
        if (choice < 3)
        {
            return "";
        }

        if (method is "POST" && choice < 8)
        {
            return text.OneIn(3) ? "?batch=true&commit=true" : "?batch=true";
        }

        var parts = Enumerable.Range(0, text.UpTo(3)).Select(_ => text.OneIn(10)
            ? text.Of("", "&", "=", "=x", "full", "batch", "commit", "%", "%zz=1", "%00", "x=%FF", "ids=%FF", "full=%00", "a=b=c", "newer", "b%61tch=true", "+", "limit=1&limit=2", "batch=true&batch=0", "Full=1")
            : method is "POST" ? BatchParameter() : ListParameter());
        return "?" + string.Join('&', parts);
    }

    private string BatchParameter() => text.OneIn(2)
        ? $"batch={text.Of("", "true", "TRUE", "false", "%FF", "%00", "1", Long)}"
        : $"commit={text.Of("", "true", "false", "1", "TRUE", "%74rue")}";

    private string ListParameter() => text.UpTo(7) switch
    {
        0 => $"ids={text.Of("1", "1,2", "", ",,,", "1,1,1", "%20", "a%2Cb", "%C3%BC", Long, ManyIds, "1%0A", "%00")}",
        1 => $"newer={Time()}",
        2 => $"older={Time()}",
        3 => $"limit={text.Of("0", "1", "2", "1000", "-1", "1.0", "+1", "", "99999999999999999999", "2147483648", "%31", "0x1", "\u0031")}",
        4 => $"offset={(text.OneIn(2) ? Uri.EscapeDataString(offsets[random.Next(offsets.Count)]) : text.Of("", "0", "-1", "1:2", "AAAA", "x", "99999999999999999999", "%00", Long))}",
        5 => $"sort={text.Of("newest", "oldest", "index", "INDEX", "", "newest,oldest", "%00")}",
        _ => $"full={text.Of("", "1", "0", "false")}",
    };

    private string Time() => !text.OneIn(3)
        ? (text.OneIn(3) ? stamps[random.Next(stamps.Count)] : stamps[^1])
        : text.Of("0", "0.00", "-1", "", "1e9", "NaN", "Infinity", "99999999999999999999", "999999999999999.99", "9999999999.999999999", "1.2.3", "%31", "%201", "0x1", ".5", "5.", "1,5");

    private (string Name, string Value) Header(string method) => text.UpTo(method is "GET" ? 14 : 9) switch
    {
        0 or 1 => ("X-If-Unmodified-Since", text.OneIn(3) ? "1.5" : Time()),
        2 or > 10 => ("X-If-Modified-Since", Time()),
        3 or 4 => ("Content-Type", text.Of(
            "application/json", "text/plain", "application/newlines", "application/newlines", "application/json; charset=utf-16", "APPLICATION/JSON", "text/html", "", ";", "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x", "application/json, text/plain")),
        5 or 10 => ("Accept", text.Of("application/json", "application/newlines", "*/*", "text/html", "application/newlines;q=0", ",,;", "", "application/*, text/html", Long)),
        6 => (text.Of("X-Weave-Records", "X-Weave-Bytes", "X-Weave-Total-Records", "X-Weave-Total-Bytes"), text.Of("0", "1", "-1", "x", "", "4294967296", "999999", "1.5", " 2 ")),
        7 => (text.Of("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range", "Range"), text.Of("*", "\"1\"", "W/\"x", "Sat, 29 Oct 1994 19:43:31 GMT", "bytes=0-1", "0")),
        8 => ("Authorization", text.Of(
            "Hawk", "Hawk id=\"\", ts=\"\", nonce=\"\", mac=\"\"", "Hawk id=\"AAAA\", ts=\"99999999999999999999\", nonce=\"n\", mac=\"=\"", "Hawk id=\"x", "Basic OjpAOg==", "Bearer x", "Hawk " + Long,
            "Hawk id=\"a\", id=\"b\", ts=\"1\", nonce=\"n\", mac=\"m\"")),
        _ => (text.Of("X-HTTP-Method-Override", "Content-Encoding", "Origin", "X-Confirm-Delete", "Cookie", "X-Forwarded-For", "Access-Control-Request-Method"), text.Of("DELETE", "gzip", "identity", "null", "\u00fc", "1", "https://x\u00e9")),
    };

    private byte[] Body(string method, bool inLines)
    {
        if (text.OneIn(12))
        {
            return HostileText.Bytes(text.Of(
                "", " ", "\n", "\n\n", "null", "1", "\"x\"", "[]", "{}", "[1]", "[[]]", "[null]", "[{}]", "[{\"id\":null}]", Nested, "{\"a\":" + Nested, "[{\"id\":\"1\"},{\"id\":\"1\"}]", "[{\"id\":\"1\"}",
                "[{\"id\":\"1\"}]]", "[{\"id\":\"1\"},]", "{\"id\":\"1\"}\n{\"id\":\"2\"}\n", "{\"id\":\"1\"}\n\n{\"id\":\"2\"}", "\uFEFF[]", "// x\n[]", "[{\"id\":\"" + Large + Large + Large + "\"}]", "NaN", "'x'"));
        }

        var records = Enumerable.Range(0, method is "POST" ? text.UpTo(text.OneIn(4) ? 9 : 4) : 1).Select(Record).ToList();
        var body = HostileText.Bytes(method is not "POST" ? records[0] : inLines ? string.Join('\n', records) : $"[{string.Join(',', records)}]");
        return text.OneIn(8) ? text.Broken(body) : body;
    }

    private string Record(int index)
    {
        var members = new List<string>();
        if (!text.OneIn(25))
        {
            members.Add($"\"id\":{(text.OneIn(25) ? text.Of("1", "null", "true", "\"\"", "[]", "{}", $"\"{Long}\"", "\"\\u0000\"", "\"\\ud800\"", "\"\u00fc\"", "\"1\\n\"", "1e999") : $"\"{(text.OneIn(30) ? 1 : index + 1)}\"")}");
        }

        if (!text.OneIn(5))
        {
            members.Add($"\"payload\":{(text.OneIn(12)
                ? text.Of("1", "null", "{}", "[]", "true", $"\"{Large}\"", "\"\\ud800\"", "\"\\u0000\"", "\"\\udc00\\ud800\"", "\"{\\\"IV\\\":\\\"AAAAAAAAAAAAAAAAAAAAAA==\\\"}\"", "\"\\q\"")
                : $"\"{new string('p', random.Next(20))}{text.Of("", "\u00fc", "\\u00fc", "\ud83d\ude00", "\\n", "<&>'")}{random.Next(1000)}\"")}");
        }

        if (text.OneIn(3))
        {
            members.Add($"\"sortindex\":{text.Of("1", "-5", "0", "999999999", "-999999999", "1000000000", "1.5", "1.0", "1e3", "1e999", "\"1\"", "null", "99999999999999999999999", "-0", "[]")}");
        }

        if (text.OneIn(4))
        {
            // Never one that ends while the test goes on.
            members.Add($"\"ttl\":{text.Of("0", "100000", "999999999", "1000000000", "-1", "null", "\"60\"", "1e6", "1.5", "99999999999999999999999", "{}")}");
        }

        if (text.OneIn(12))
        {
            members.Add(text.Of("\"modified\":1", "\"modified\":\"x\"", "\"collection\":7", "\"unknown\":1", "\"payload\":\"again\"", "\"id\":\"9\"", "\"ID\":\"1\"", "\"\":0", "\"deep\":" + Nested[..90] + new string(']', 90), "\"__proto__\":{}"));
        }

        return string.Create(CultureInfo.InvariantCulture, $"{{{string.Join(',', members)}}}");
    }

    private static void Keep<T>(List<T> known, T value)
    {
        if (known.Count == 6)
        {
            known.RemoveAt(1);
        }

        known.Add(value);
    }
}
