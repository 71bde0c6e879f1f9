using System.Globalization;
using Lockstep.Gateway.Sync15.Tests.Hostile;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Makes requests that are right in most of what they say, and wrong somewhere.</summary>
/// <param name="random">By the seed.</param>
/// <param name="name">The user who sends them.</param>
/// <param name="stranger">Another user.</param>
internal sealed class Fuzzer(Random random, string name, string stranger)
{
    private static readonly string Nested = new('[', 500);
    private static readonly string Long = new('x', 70);
    private static readonly string Large = new('y', 3_000);

    private readonly HostileText text = new(random);
    private string stamp = "0";

    /// <summary>Takes over what the server says: times come again later.</summary>
    public void Learn(WeaveAnswer answer) => stamp = text.OneIn(3) ? answer.Timestamp : stamp;

    public (string Method, string Target, byte[]? Body, (string Name, string Value)[] Headers) Next()
    {
        var method = text.OneIn(10) ? text.Of("HEAD", "OPTIONS", "TRACE", "FOO") : text.Of("GET", "GET", "PUT", "PUT", "POST", "POST", "DELETE");
        var headers = Enumerable.Range(0, text.OneIn(2) ? text.UpTo(2) : 0).Select(_ => Header()).DistinctBy(static header => header.Name).ToArray();
        return (method, text.OneIn(6) ? User() : text.OneIn(12) ? Pairing() : Storage(), method is "PUT" or "POST" || text.OneIn(30) ? Body() : null, headers);
    }

    /// <summary>Of names that nobody has, and of another user: nothing that would end the sender's own.</summary>
    private string User() => text.Of("/user/1.0/", "/user/1/", "/user/1.0//", "/misc/1.0/")
        + text.Of("a", "a", stranger, "%00", "%C3%BC", "a%2Fb", Long, "", "captcha_html", "a@b")
        + text.Of("", "", "/", "/node/weave", "/node/weave/", "/node", "/password", "/email", "/password_reset", "/password_reset?captcha-challenge=x", "/%00");

    /// <summary>Easy Setup, and the forms of the pages.</summary>
    private string Pairing() => text.OneIn(4) ? text.Of("/weave-password-reset", "/weave-delete-account", "/weave-password-reset?username=%00&key", "/weave-delete-account/")
        : "/jpake" + text.Of("/new_channel", "/new_channel/", "/report", "/abcd", "/2222", "/ABCD", "/", "", "/%00", "/a%2Fb", "/abcd/efgh", "/%C3%BC");

    private string Storage()
    {
        if (text.OneIn(15))
        {
            return text.Of("/1.1", "/1.1/", "/1.1//", "/1", "/1/a", "/1.1/%", "/1.1/%zz", $"/1.1/{name}", $"/1.1/{name}/", $"/1.1/{name}/info/configuration", $"/1.1/{name.ToUpperInvariant()}/info/quota", $"/2.0/{name}/info/quota");
        }

        var user = text.Of("/1.1/", "/1.1/", "/1.0/", "/1/") + (text.OneIn(15) ? text.Of(stranger, "%00", "a", "a%2Fb", Long) : name);
        if (text.OneIn(6))
        {
            return user + text.Of("/info/collections", "/info/collection_counts", "/info/collection_usage", "/info/quota", "/storage", "/storage/", "/info", "/info/quota/");
        }

        var collection = user + "/storage/" + (text.OneIn(12) ? text.Of("%61", "a%20b", "%C3%BC", "%FF", "a%2Fb", "%00", Long, "_", "{a}") : text.Of("a", "a", "bookmarks", "tabs"));
        return (text.OneIn(2) ? collection : $"{collection}/{(text.OneIn(12) ? text.Of("%0A", "%00", "%2F", "a,b", "%7F", "%C3%BC", Long, Long[..64], "%", "\"", "~") : text.Of("1", "2", "3"))}")
            + (text.OneIn(20) ? "/" : "") + (text.OneIn(2) ? "?" + string.Join('&', Enumerable.Range(0, text.UpTo(3)).Select(_ => Parameter())) : "");
    }

    private string Parameter() => text.UpTo(8) switch
    {
        0 => $"ids={text.Of("1", "1,2", "", ",,,", "1,1", "%20", "%C3%BC", Long, "1%0A", "%00")}",
        1 or 2 => $"{text.Of("newer", "older")}={text.Of(stamp, stamp, "", "abc", "-1", "1.5", "1e5", "1e999", "99999999999999999999999999999999", "0x1", "%00", "NaN")}",
        3 => $"limit={text.Of("0", "1", "2", "1000", "-1", "1.0", "", "99999999999999999999", "2147483648")}",
        4 => $"offset={text.Of("0", "1", "-1", "2147483647", "x", "")}&limit=1",
        5 => $"sort={text.Of("newest", "oldest", "index", "title", "", "%00")}",
        6 => $"{text.Of("index_above", "index_below")}={text.Of("0", "-5", "1.5", "1e30", "x", "")}",
        7 => text.Of("full", "full=1", "parentid=a", "predecessorid="),
        _ => text.Of("", "&", "=", "=x", "%", "%zz=1", "%00", "x=%FF", "a=b=c", "newer", "limit=1&limit=2", "+"),
    };

    private (string Name, string Value) Header() => text.UpTo(9) switch
    {
        0 or 1 => ("X-If-Unmodified-Since", text.Of(stamp, stamp, "0", "1e5", "-1", "x", "", "99999999999999999999999999999999")),
        2 => ("Accept", text.Of("application/newlines", "application/whoisi", "*/*", ";", ",,", "application/newlines;q=x, application/whoisi", "text/html")),
        3 => ("X-Confirm-Delete", text.Of("1", "0", "")),
        4 => ("Authorization", text.Of("Basic", "Basic x", "Basic OjpAOg==", "Bearer " + Long, "Basic  ", WeaveClient.Basic(stranger, "x"), WeaveClient.Basic("", ""))),
        5 => ("X-Weave-Password-Reset", text.Of("AAAA-BBBB-CCCC-DDDD", "", Long, "\u00fc")),
        7 => ("X-KeyExchange-Id", text.Of(new string('a', 256), new string('a', 256), new string('b', 256), "x", "\u00fc")),
        8 => (text.Of("If-Match", "If-None-Match", "X-KeyExchange-Cid", "X-KeyExchange-Log"), text.Of("*", "\"a\"", "W/\"a\", b", ",", "abcd", Long, "\u00fc")),
        6 => ("X-Weave-Secret", text.Of("x", Long + Long, "\u00fc")),
        _ => (text.Of("X-HTTP-Method-Override", "Origin", "Range", "User-Agent", "X-If-Modified-Since"), text.Of("DELETE", "null", "\u00fc", "1")),
    };

    private byte[] Body()
    {
        if (text.OneIn(10))
        {
            return HostileText.Bytes(text.Of("", " ", "null", "1", "\"x\"", "[]", "{}", "[{}]", "[[]]", "[null,1,\"x\"]", Nested, "[" + Nested, "\uFEFF[]", "// x\n[]", "{\"id\":1,\"id\":2}", "{\"email\":\"a@b\",\"password\":\"\\ud800\"}", "{\"email\":\"a@example.org\"}"));
        }

        var body = HostileText.Bytes(text.OneIn(2) ? Record() : $"[{string.Join(',', Enumerable.Range(0, text.UpTo(4)).Select(_ => Record()))}]");
        return text.OneIn(8) ? text.Broken(body) : body;
    }

    private string Record()
    {
        var members = new List<string> { $"\"id\":{(text.OneIn(8) ? text.Of("1", "null", "\"\\ud800\"", "[]", "\"\"", "\"a/b\"", $"\"{Long}\"", "1e400", "-0.0") : text.Of("\"1\"", "\"2\"", "\"3\""))}" };
        if (!text.OneIn(4))
        {
            members.Add($"\"payload\":{(text.OneIn(7) ? text.Of("1", "null", "{}", $"\"{Large}\"", "\"\\ud800\"", "\"\\u0000\"", "\"\\q\"") : $"\"{new string('p', random.Next(20))}{random.Next(1000).ToString(CultureInfo.InvariantCulture)}\"")}");
        }

        if (text.OneIn(3))
        {
            members.Add($"\"sortindex\":{text.Of("1", "-5", "999999999", "1000000000", "1.5", "1e999", "\"1\"", "\"x\"", "null", "-0", "[]", "1e-40")}");
        }

        if (text.OneIn(5))
        {
            members.Add($"\"ttl\":{text.Of("0", "100000", "31536000", "31536001", "-1", "null", "\"60\"", "1.5")}");
        }

        if (text.OneIn(8))
        {
            members.Add(text.Of("\"modified\":1", "\"parentid\":{}", "\"predecessorid\":7", "\"payload\":\"again\"", "\"\":0", "\"deep\":" + Nested[..90] + new string(']', 90), "\"__proto__\":{}"));
        }

        return $"{{{string.Join(',', members)}}}";
    }
}
