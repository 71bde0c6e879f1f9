using System.Text.Json;
using Lockstep.Gateway.Sync15.Tests;
using Lockstep.Gateway.Sync15.Tests.Hostile;

namespace Lockstep.Gateway.Syncto.Tests;

/// <summary>Makes requests that are right in most of what they say, and wrong somewhere.</summary>
internal sealed class SynctoFuzzer(Random random, string state, string stranger)
{
    private static readonly string Nested = new('[', 500);
    private static readonly string Long = new('x', 70);
    private static readonly string Large = new('y', 3_000);

    private readonly HostileText text = new(random);
    private readonly List<string> stamps = ["0", "10"];
    private readonly List<string> tokens = ["0"];

    /// <summary>Takes over what the server says: times and places in lists come again later.</summary>
    public void Learn(SyncAnswer answer)
    {
        if (answer.Headers.TryGetValue("ETag", out var stamp))
        {
            Keep(stamps, stamp.Trim('"'));
        }

        if (answer.Headers.TryGetValue("Next-Page", out var next))
        {
            Keep(tokens, next.Split("_token=")[1]);
        }
    }

    public HostileRequest Next()
    {
        var method = text.OneIn(10) ? text.Of("HEAD", "OPTIONS", "TRACE", "PROPFIND", "FOO", "POST") : text.Of("GET", "GET", "PUT", "PUT", "PATCH", "DELETE", "POST");
        var headers = new List<(string Name, string Value)>();
        for (var more = text.OneIn(2) ? text.UpTo(2) : 0; more > 0; more--)
        {
            var header = Header();
            if (!headers.Exists(other => other.Name == header.Name))
            {
                headers.Add(header);
            }
        }

        var isBatch = method is "POST" && !text.OneIn(5);
        var body = method is "PUT" or "PATCH" or "POST" || text.OneIn(30) ? Body(isBatch) : null;
        return new HostileRequest(method, "/syncto" + (isBatch ? "/v1/batch" : Path(method)), headers, body);
    }

    private string Path(string method)
    {
        if (text.OneIn(15))
        {
            return text.Of(
                "", "/", "//", "/v1", "/v1/", "/v1//", "/v0", "/v0/", "/v2", "/v1/buckets", "/v1/buckets/", "/v1/__heartbeat__", "/v1/__heartbeat__/", "/v1/batch", "/v1/history", "/v1/history/", "/v1/history//1",
                "/v0/fxa-oauth/params", "/v0/history", "/history", "/%76%31/history", "/v1/%", "/v1/%zz", "/v1/%00", "/v1/buckets/%2e%2e/collections", "/v1/buckets/syncto/collections/..", "/\\v1", "/v1;x", "/v99999999999/x");
        }

        var bucket = text.OneIn(12) ? text.Of("syncto", "default", "%00", "a%2Fb", Long, state[..31], stranger, state.ToUpperInvariant()) : state;
        var collection = text.OneIn(12) ? text.Of("%61", "a%20b", "%C3%BC", "%FF", "a%2Fb", "..", "%00", "a;b", Long, "crypto", "passwords", "_", "{a}") : text.Of("a", "a", "bookmarks", "tabs");
        var root = text.OneIn(8) ? text.Of("/v1/history", "/v1/tabs", "/v1/bookmarks") : $"/v1/buckets/{bucket}/collections/{collection}/records";
        return method is "PUT" or "PATCH" or "DELETE" || text.OneIn(3)
            ? $"{root}/{(text.OneIn(16) ? text.Of("%0A", "%00", "%2F", "a,b", "a%20b", "%7F", "%C3%BC", "..", Long, Long[..64], "%", "\"", "~") : text.Of("1", "2", "3"))}{(text.OneIn(20) ? "/" : "")}{Query(few: true)}"
            : root + Query(few: false);
    }

    private string Query(bool few) => text.OneIn(few ? 6 : 2) ? "?" + string.Join('&', Enumerable.Range(0, text.UpTo(3)).Select(_ => Parameter())) : "";

    private string Parameter() => text.UpTo(8) switch
    {
        0 => $"in_ids={text.Of("1", "1,2", "", ",,,", "1,1", "%20", "%C3%BC", Long, "1%0A", "%00")}",
        1 or 2 => $"_since={(text.OneIn(2) ? stamps[random.Next(stamps.Count)] : text.Of("", "abc", "-1", "%22", "%22%22", "%221%22", "1.5", "99999999999999999999", "9223372036854775807", "%00"))}",
        3 => $"_limit={text.Of("0", "1", "2", "1000", "-1", "1.0", "", "99999999999999999999", "2147483648", "0x1")}",
        4 => $"_token={(text.OneIn(2) ? tokens[random.Next(tokens.Count)] : text.Of("", "0", "1:2", "0.1.2.3", "x%26full", "%00", Long))}",
        5 => $"_sort={text.Of("newest", "-last_modified", "last_modified", "index", "-sortindex", "title", "", "%00")}",
        6 => $"exclude_id={text.Of("1", "1,2", "", "%C3%BC", Long)}",
        _ => text.Of("", "&", "=", "=x", "%", "%zz=1", "%00", "x=%FF", "a=b=c", "_since", "_limit=1&_limit=2", "_fields=id", "+"),
    };

    private (string Name, string Value) Header() => text.UpTo(12) switch
    {
        0 or 1 => ("If-Match", ETag()),
        2 or 3 => ("If-None-Match", ETag()),
        4 => ("If-Modified-Since", ETag()),
        5 => ("If-Unmodified-Since", ETag()),
        6 => ("Content-Type", text.Of("application/json", "text/plain", "application/json; charset=utf-16", "", ";", "application/merge-patch+json", "application/json, text/plain")),
        7 => ("X-Client-State", text.Of(state, stranger, Long, "\u00fc")),
        8 => ("X-KeyID", text.Of("1000-", "-", "x", "1000-AAAA", "99999999999999999999-AAAAAAAAAAAAAAAAAAAAAA")),
        9 => ("Authorization", text.Of("Bearer", "Bearer x", "Bearer  ", "Basic OjpAOg==", "Bearer " + Long, "Bearer a.b.c", "Bearer " + Long + "." + Long + "." + Long)),
        _ => (text.Of("X-HTTP-Method-Override", "Content-Encoding", "Origin", "Range", "User-Agent", "Access-Control-Request-Method"), text.Of("DELETE", "gzip", "identity", "null", "\u00fc", "1", "https://x\u00e9")),
    };

    private string ETag() => text.OneIn(3) ? $"\"{stamps[^1]}\"" : text.OneIn(2) ? $"\"{stamps[random.Next(stamps.Count)]}\"" : text.Of("*", "\"*\"", "1", "\"\"", "\"x\"", "W/\"10\"", "W/", "\"99999999999999999999\"", "\"9223372036854775807\"", "Sat, 29 Oct 1994 19:43:31 GMT", "\"1\",\"2\"");

    private byte[] Body(bool isBatch)
    {
        if (text.OneIn(12))
        {
            return HostileText.Bytes(text.Of(
                "", " ", "null", "1", "\"x\"", "[]", "{}", "{\"data\":null}", "{\"data\":[]}", "{\"data\":{}}", Nested, "{\"data\":" + Nested, "{\"data\":{}}}", "\uFEFF{}", "// x\n{}", "{\"data\":{},\"data\":{}}", "{\"requests\":[]}",
                "{\"requests\":[{}]}", "{\"requests\":[null]}", "{\"defaults\":{\"body\":[]},\"requests\":[{}]}", "{\"requests\":[{\"path\":\"/batch\"}]}", "{\"requests\":[{\"path\":\"\\ud800\"}]}"));
        }

        var body = HostileText.Bytes(isBatch ? Batch() : Data());
        return text.OneIn(8) ? text.Broken(body) : body;
    }

    private string Batch()
    {
        var parts = Enumerable.Range(0, text.UpTo(4)).Select(_ =>
        {
            var method = text.Of("GET", "PUT", "DELETE", "PATCH", "HEAD", "POST");
            var header = Header();
            return $"{{{(text.OneIn(6) ? "" : $"\"method\":\"{method}\",")}\"path\":{JsonSerializer.Serialize(Path(method))}{(text.OneIn(3) ? $",\"headers\":{{{JsonSerializer.Serialize(header.Name)}:{JsonSerializer.Serialize(header.Value)}}}" : "")}{(method is "PUT" or "PATCH" ? ",\"body\":" + Data() : "")}}}";
        });
        return $"{{{(text.OneIn(4) ? "\"defaults\":{\"body\":{\"data\":{\"sortindex\":1}}}," : "")}\"requests\":[{string.Join(',', parts)}]}}";
    }

    private string Data()
    {
        var members = new List<string>();
        if (text.OneIn(6))
        {
            members.Add($"\"id\":{text.Of("\"1\"", "\"2\"", "1", "null", "\"\\ud800\"", "[]")}");
        }

        if (!text.OneIn(4))
        {
            members.Add($"\"payload\":{(text.OneIn(7) ? text.Of("1", "null", "{}", $"\"{Large}\"", $"\"{Large}\"", $"\"{Large}\"", "\"\\ud800\"", "\"\\u0000\"", "\"\\q\"") : $"\"{new string('p', random.Next(20))}{text.Of("", "\u00fc", "\\n", "\\u2028", "<&>'")}{random.Next(1000)}\"")}");
        }

        if (text.OneIn(3))
        {
            members.Add($"\"sortindex\":{text.Of("1", "-5", "999999999", "1000000000", "1.5", "1e999", "\"1\"", "null", "-0", "[]")}");
        }

        if (text.OneIn(5))
        {
            members.Add($"\"ttl\":{text.Of("0", "100000", "1000000000", "-1", "null", "\"60\"", "1.5")}");
        }

        if (text.OneIn(10))
        {
            members.Add(text.Of("\"last_modified\":1", "\"last_modified\":\"x\"", "\"modified\":1", "\"unknown\":1", "\"payload\":\"again\"", "\"\":0", "\"deep\":" + Nested[..90] + new string(']', 90), "\"__proto__\":{}"));
        }

        return $"{{\"data\":{{{string.Join(',', members)}}}}}";
    }

    private static void Keep(List<string> known, string value)
    {
        if (known.Count == 6)
        {
            known.RemoveAt(1);
        }

        known.Add(value);
    }
}
