using System.Text;

namespace Lockstep.Hostile;

/// <summary>Makes requests that are right in most of what they say, and wrong somewhere.</summary>
internal sealed class Fuzzer(Random random, Uri address, string authorization)
{
    private static readonly string[] Methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", "\0", "PROPFIND"];

    private static readonly string[] Paths =
    [
        "/v1/", "/v1/batch", "/v1/buckets", "/v1/accounts", "/v1/accounts/good", "/v1/buckets/default", "/v1/buckets/default/collections", Person.Records,
        Person.Records + "/a", "/v1/buckets/a/groups/b", "/v1/__heartbeat__", "/v1/__version__", "/health/live", "/", "//", "/v2/", "*",
        "/v1/buckets/default/collections/tasks", "/v1/buckets/default/collections/tasks/indexes", "/v1/buckets/default/history", "/v1/buckets/default/snapshot/collections/tasks@1",
        "/v1/buckets/default/snapshot/collections/tasks@9999999999999", "/v1/buckets/default/snapshot/collections/@-", "/v1/quotas", "/v1/quotas/buckets/a/collections/b",
        "http://other/v1/", "/v1/../v1/", "/v1/%00", "/v1/%2e%2e/",
    ];

    private static readonly string[] Queries =
    [
        "", "", "", "?_limit=1", "?_limit=-1", "?_limit=99999999999999999999", "?_since=%22a%22", "?_since=5", "?_sort=-a.b,c", "?_sort=,,", "?_token=AAAA", "?_fields=a.b.c,,",
        "?in_id=%22", "?id=a,b&id=c", "?deleted=maybe", "?a=%FF", "?%00", "?last_modified=0", "?exclude_id=", "?_before=18446744073709551616",
        "?_sort=-target.data.a,date", "?target.data.a=%FF", "?like_a=*%25_*&not_a=", "?contains_any_a=[1", "?min_a={&max_a=", "?in_a=1,%22", "?has_a=maybe", "?action=delete&in_uri=,", "?user_id=5",
    ];

    private static readonly string[] Headers =
    [
        "If-Match: \"1\"", "If-Match: *", "If-None-Match: *", "If-None-Match: \"x", "If-Match: 99999999999999999999999", "Content-Type: application/json", "Content-Type: text/html; charset=x",
        "Content-Type: application/merge-patch+json", "Content-Type: application/json-patch+json", "Content-Encoding: gzip", "Content-Encoding: br", "Response-Behavior: diff",
        "Response-Behavior: light", "Accept: text/html", "Accept: ,,;q=x", "Expect: 100-continue", "Origin: null", "Host: two", "X-Forwarded-For: 1.2.3.4", "Forwarded: for=\"", "Range: bytes=0-1",
        "Cookie: a=b", "Upgrade: h2c", "Upgrade: websocket", "Connection: upgrade", "\u0001: x", "Nothing", "Long: " + new string('x', 40_000), "Authorization: Basic !!!", "Authorization: Basic OjpAOg==",
        "Authorization: Bearer x", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Content-Length: 5", "Content-Length: -1", "Content-Length: 99999999999",
    ];

    private static readonly string[] Bodies =
    [
        "", "{}", "[]", "null", "\"", "{\"data\":{}}", "{\"data\":{\"id\":\"a\",\"last_modified\":-1}}", "{\"data\":{\"id\":5}}", "{\"data\":{\"a\":1e999}}", "{\"data\":{\"a\":\"\\ud800\"}}",
        "{\"data\":{\"deleted\":true}}", "{\"data\":{\"history\":true,\"indexes\":[\"a\",\"b.c\"]}}", "{\"data\":{\"history\":\"yes\",\"indexes\":[\"a..b\"]}}",
        "{\"data\":{\"schema\":{\"properties\":{\"a\":{\"$ref\":\"#\"}},\"additionalProperties\":{\"pattern\":\"(a+)+$\"}}}}", "{\"data\":{\"schema\":{\"allOf\":[{\"$ref\":\"#\"}]}}}", "{\"data\":null,\"permissions\":{\"write\":[1]}}", "{\"data\":{\"a\":1,\"a\":2}}", "{\"requests\":[]}", "{\"requests\":[{\"path\":\"/batch\"}]}",
        "{\"defaults\":{\"method\":\"PUT\",\"body\":{\"data\":{}}},\"requests\":[{\"path\":\"/buckets/default/collections/tasks/records/a\"},{\"path\":\"/accounts/good\",\"method\":\"GET\"},{\"path\":\"/%\"}]}",
        "[{\"op\":\"add\",\"path\":\"/data/a\",\"value\":[]},{\"op\":\"test\",\"path\":\"/data/a\",\"value\":[]},{\"op\":\"move\",\"from\":\"/data\",\"path\":\"/data/a\"}]",
        "[{\"op\":\"copy\",\"from\":\"\",\"path\":\"/data/-/\"},{\"op\":\"remove\",\"path\":\"/data/~2\"}]", new string('[', 500), "{\"data\":{\"a\":" + new string('[', 99) + new string(']', 99) + "}}",
    ];

    public byte[] Next()
    {
        var body = Encoding.UTF8.GetBytes(Pick(Bodies));
        var head = new StringBuilder($"{Pick(Methods[..(random.Next(3) == 0 ? Methods.Length : 6)])} {Pick(Paths)}{Pick(Queries)} HTTP/1.{(random.Next(30) == 0 ? 0 : 1)}\r\nHost: {address.Authority}\r\nConnection: close\r\n");
        if (random.Next(4) > 0)
        {
            head.Append($"Authorization: {authorization}\r\n");
        }

        for (var more = random.Next(4); more > 0; more--)
        {
            head.Append(Pick(Headers)).Append("\r\n");
        }

        if (random.Next(5) > 0)
        {
            head.Append($"Content-Length: {body.Length}\r\n");
        }

        // Somebody has to stay who can be somebody.
        head.Replace("DELETE /v1/accounts", "GET /v1/accounts");
        byte[] request = [.. Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), .. body];
        for (var broken = random.Next(6) == 0 ? random.Next(1, 5) : 0; broken > 0; broken--)
        {
            request[random.Next(request.Length)] = (byte)random.Next(256);
        }

        return random.Next(15) == 0 ? request[..random.Next(1, request.Length)] : request;
    }

    private string Pick(string[] from) => from[random.Next(from.Length)];
}
