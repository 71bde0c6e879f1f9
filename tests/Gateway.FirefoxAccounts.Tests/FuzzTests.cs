using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Requests of nonsense: each is answered in the protocol's shape, and none with a fault of the server.</summary>
public sealed class FuzzTests(AccountsServer server) : IClassFixture<AccountsServer>
{
    private static readonly int Requests = int.Parse(Environment.GetEnvironmentVariable("LOCKSTEP_TEST_REQUESTS") ?? "20000", CultureInfo.InvariantCulture);
    private static readonly int Seed = int.Parse(Environment.GetEnvironmentVariable("LOCKSTEP_TEST_SEED") ?? Random.Shared.Next().ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static readonly string[] Names =
    [
        "email", "authPW", "oldAuthPW", "clientSalt", "wrapKb", "client_id", "scope", "code", "code_verifier", "state", "grant_type", "token", "refresh_token", "subject_token", "subject_token_type", "id",
        "name", "type", "availableCommands", "target", "command", "payload", "to", "ttl", "recoveryKeyId", "recoveryData", "code_challenge", "code_challenge_method", "keys_jwe", "redirect_uri", "totpCode",
        "sessionTokenId", "deviceId", "access_type", "response_type", "invitation", "pushCallback",
    ];

    [Fact]
    public async Task Nonsense_IsAnsweredInShape_AndNeverWithAFault()
    {
        var people = new[] { await server.NewPersonAsync(), await server.NewPersonAsync() };
        var refresh = (await people[0].TokensAsync()).String("refresh_token");
        var endpoints = AccountResources.Table.Resources.SelectMany(static resource => resource.Methods.Select(method => (method.Name, resource.Template.Text))).ToList();
        var done = 0;
        await Parallel.ForAsync(0, 8, async (worker, _) =>
        {
            var random = new Random(Seed + worker);
            var person = people[worker % people.Length];
            using var client = server.Anonymous();
            while (Interlocked.Increment(ref done) <= Requests)
            {
                var (method, template) = endpoints[random.Next(endpoints.Count)];
                if (template is "/v1/session/destroy" or "/v1/account/destroy" or "/v1/account/device/destroy" or "/v1/account/attached_client/destroy" or "/v1/password/change/finish" && random.Next(50) > 0)
                {
                    continue;
                }

                var path = Prefix(template) + template.Replace("{client}", Uri.EscapeDataString(Word(random)), StringComparison.Ordinal).Replace("{code}", Uri.EscapeDataString(Word(random)), StringComparison.Ordinal) + (random.Next(4) == 0 ? $"?{Uri.EscapeDataString(Word(random))}={Uri.EscapeDataString(Word(random))}&index={Word(random).Length}&uid={Uri.EscapeDataString(Word(random))}" : "");
                var body = method is "GET" ? null : Body(random, person);
                var authorization = random.Next(6) switch
                {
                    0 => null,
                    1 => "Bearer " + refresh,
                    2 => new string([.. Word(random).Where(static c => c is >= ' ' and <= '~')]),
                    _ => AccountClient.Bearer(person.Session, "sessionToken"),
                };
                var answer = await client.SendAsync(random.Next(40) == 0 ? "PUT" : method, path, body, authorization);

                Assert.True(answer.Status is < 500 or 503, $"Seed {Seed}: {method} {path} {body} with {authorization}: {answer.Status} {answer.Text}");
                if (answer.Status >= 400)
                {
                    Assert.True(answer.Json.GetProperty("code").GetInt32() == answer.Status && answer.Has("errno") && answer.Has("error") && answer.Has("message"), $"Seed {Seed}: {answer.Text}");
                }
            }
        });
    }

    private static string Prefix(string template) => template is "/fxa-client-configuration" or "/openid-configuration" ? "/.well-known" : template is "/v1/profile" or "/v1/avatar/default" ? "/profile" : "/auth";

    private static string Body(Random random, Person person)
    {
        if (random.Next(10) == 0)
        {
            return Word(random);
        }

        var members = Enumerable.Range(0, random.Next(8)).Select(_ => Names[random.Next(Names.Length)]).Distinct().Select(name => $"{JsonSerializer.Serialize(name)}:{Value(random, person, 0)}");
        return $"{{{string.Join(',', members)}}}";
    }

    private static string Value(Random random, Person person, int depth) => random.Next(14) switch
    {
        0 => "null",
        1 => "true",
        2 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        3 => "-1.5e300",
        4 when depth < 3 => $"[{Value(random, person, depth + 1)},{Value(random, person, depth + 1)}]",
        5 when depth < 3 => $"{{{JsonSerializer.Serialize(Word(random))}:{Value(random, person, depth + 1)}}}",
        6 => JsonSerializer.Serialize(person.Email),
        7 => JsonSerializer.Serialize(AccountClient.RandomHex(32)),
        8 => JsonSerializer.Serialize(AccountClient.RandomHex(16)),
        9 => "\"\\ud800\"",
        10 => "\"\\u0000\"",
        11 => JsonSerializer.Serialize(random.Next(2) == 0 ? AccountClient.Desktop : AccountClient.SyncScope + " profile"),
        12 => JsonSerializer.Serialize(AccountClient.NewSalt()),
        _ => JsonSerializer.Serialize(Word(random)),
    };

    private static string Word(Random random)
    {
        var text = new StringBuilder();
        for (var length = random.Next(random.Next(30) == 0 ? 2000 : 20); length > 0; length--)
        {
            text.Append(random.Next(5) switch { 0 => (char)random.Next(0x20, 0x7f), 1 => (char)random.Next(0xa0, 0x2000), 2 => '%', _ => (char)random.Next('a', 'z') });
        }

        return text.Length == 0 ? "x" : text.ToString();
    }
}
