namespace Lockstep.Gateway.Sync15.Tests.Hostile;

/// <summary>Makes requests for tokens that are right in most of what they say, and wrong somewhere.</summary>
/// <param name="random">Chooses.</param>
/// <param name="tokens">Access tokens of one user.</param>
/// <param name="bad">Others that are none.</param>
internal sealed class TokenFuzzer(Random random, IReadOnlyList<string> tokens, IReadOnlyList<string> bad)
{
    private static readonly string Long = new('x', 5_000);

    private readonly HostileText text = new(random);

    public HostileRequest Next()
    {
        var path = text.OneIn(3)
            ? text.Of(
                "/1.0", "/1.0/", "/1.0/sync", "/1.0/sync/", "/1.0/sync/1.5/", "/1.0/sync/1.1", "/1.0/aitc/1.0", "/1.0/SYNC/1.5", "/1.0/%73ync/1.5", "/1.0/sync%2F1.5", "/1.0/sync/%00", "/1.0/sync/%FF", "/1.0/sync/%zz",
                "/1.0/sync/%C3%BC", "/1.0/sync/\"", "/1.0//sync/1.5", "/1.0/sync/1.5/x", "/token", "/token/", "/token/2.0/sync/1.5", "/token/1.0/sync", "/i/x/1.0/sync/1.5", "/i//1.0/sync/1.5", "/i/%00/1.0/sync/1.5",
                "/i/%2e/1.0/sync/1.5", "/token/i/x/1.0/sync/1.5", "/i/x/1.0/sync/1.1", "/i/sync/1.5", "/1.0/webhooks/fxa/events", "/token/1.0/webhooks/fxa/events", "/1.0/" + Long[..500], "/i/" + Long[..500] + "/1.0/sync/1.5")
            : text.Of("/1.0/sync/1.5", "/1.0/sync/1.5", "/token/1.0/sync/1.5");
        var query = text.OneIn(4) ? "?" + text.Of("", "duration=60", "duration=-1", "duration=x", "duration=99999999999999999999", "duration=1&duration=2", "%", "%FF", "a=%00", "duration=%31", "&&=") : "";
        List<(string, string)> headers = [];
        headers.Add(("Authorization", text.OneIn(12) ? ""
            : text.OneIn(6) ? text.Of("", "Bearer", "Bearer ", "bearer", "Basic OjpAOg==", "Hawk id=\"x\"", "Bearer a b c", "Bearer " + Long, "Bearer \u00fc", "Bearer e30.e30.e30", "Bearer ..", "BrowserID x", "Bearer,Bearer x")
            : $"{text.Of("Bearer", "bearer", "BEARER")} {(text.OneIn(6) ? bad[random.Next(bad.Count)] : tokens[random.Next(tokens.Count)])}"));

        if (!text.OneIn(12))
        {
            headers.Add(("X-KeyID", text.OneIn(4) ? OddKeyId() : KeyId()));
        }

        if (text.OneIn(8))
        {
            headers.Add(("X-Client-State", text.Of("", "1346889a67fdb826fdc7046aa7fa9ba5", "aa", "AA", "zz", "..", "\u00fc", Long[..40], "1346889A67FDB826FDC7046AA7FA9BA5")));
        }

        if (text.OneIn(8))
        {
            headers.Add((text.Of("Origin", "Accept", "X-Forwarded-For", "Content-Encoding", "If-None-Match", "Cookie"), text.Of("null", "text/html", "gzip", "*", "\u00fc", "1.2.3.4")));
        }

        var method = text.OneIn(8) ? text.Of("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "FOO") : path.EndsWith("events", StringComparison.Ordinal) ? "POST" : "GET";
        var body = method is "POST" or "PUT" && text.OneIn(2) ? text.Broken(HostileText.Bytes(text.Of("{}", "{\"token\":1}", Long))) : null;
        return new HostileRequest(method, path + query, headers, body);
    }

    /// <summary>Of a few keys, some of which follow others.</summary>
    private string KeyId() => $"{text.Of("1000", "1000", "1000", "0", "2000")}-{text.Of("qg", "qg", "qg", "qg", "qg", "uw")}";

    private string OddKeyId() => text.Of(
        "", "-", "1", "1-", "-qg", "-1-qg", "+1-qg", " 1 - qg ", "1.5-qg", "0x1-qg", "1e3-qg", "99999999999999999999-qg", "9007199254740991-qg", "9007199254740992-qg", "9223372036854775807-qg", "1-q", "1-qh", "1-qg==",
        "1-qg=", "1-q+", "1-q/", "1-E0aImmf9uCb9xwRqp_qbpQAA", "1-qg-qg", "1--", "1-\u00fc", "1_qg", "x-qg", "1-qg, 1-qg", "1-" + Long[..200], "\u0661-qg", "1-QG", "00000000001-qg");
}
