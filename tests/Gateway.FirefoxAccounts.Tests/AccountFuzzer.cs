using System.Globalization;
using System.Text;
using System.Text.Json;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>
/// Draws requests of somebody who has an account and live credentials of every kind: some of nonsense, some that lack little. What a request has ended it gets anew.
/// </summary>
internal sealed class AccountFuzzer(AccountsServer server, int seed) : IDisposable
{
    private const string Form = "application/x-www-form-urlencoded";
    private const int RequestsWithOneSet = 100;

    private static readonly List<(string Method, string Template)> Endpoints =
        [.. AccountResources.Table.Resources.SelectMany(static resource => resource.Methods.Select(method => (method.Name, resource.Template.Text)))];

    /// <summary>What ends a session, where it is right: seldom, so that others are asked with a good one.</summary>
    private static readonly string[] Ending =
    [
        "/v1/session/destroy", "/v1/account/destroy", "/v1/account/device/destroy", "/v1/account/attached_client/destroy", "/v1/password/change/finish", "/v1/account/reset",
    ];

    private static readonly string[] Names =
    [
        "email", "authPW", "oldAuthPW", "clientSalt", "wrapKb", "client_id", "scope", "code", "code_verifier", "state", "grant_type", "token", "refresh_token", "subject_token", "subject_token_type", "id",
        "name", "type", "availableCommands", "target", "command", "payload", "to", "ttl", "recoveryKeyId", "recoveryData", "code_challenge", "code_challenge_method", "keys_jwe", "redirect_uri", "totpCode",
        "sessionTokenId", "deviceId", "access_type", "response_type", "invitation", "pushCallback", "refreshTokenId",
    ];

    private static readonly string[] Grants = ["authorization_code", "refresh_token", "fxa-credentials", "urn:ietf:params:oauth:grant-type:token-exchange"];

    private readonly Random random = new(seed);
    private readonly AccountClient client = server.Anonymous();
    private readonly Dictionary<string, string> right = new(StringComparer.Ordinal);
    private readonly List<string> bearers = [];
    private readonly List<(string Token, string Kind)> signers = [];
    private Person? person;
    private int left;

    public async Task<FuzzedAnswer> SendAsync()
    {
        if (left-- <= 0)
        {
            await RenewAsync();
        }

        var (method, template) = Draw();
        var path = Prefix(template)
            + template.Replace("{client}", Uri.EscapeDataString(Word()), StringComparison.Ordinal).Replace("{code}", Uri.EscapeDataString(Word()), StringComparison.Ordinal)
            + (random.Next(4) == 0 ? $"?{Uri.EscapeDataString(Word())}={Uri.EscapeDataString(Word())}&index={Word().Length}&uid={Uri.EscapeDataString(Word())}" : "");
        var isForm = random.Next(4) == 0;
        var body = method is "GET" ? null : random.Next(20) == 0 ? Word() : isForm ? FormBody() : JsonBody();
        var said = random.Next(40) == 0 ? "PUT" : method;
        var authorization = Authorization(said, path, body);
        var answer = await client.SendAsync(said, path, body, authorization, isForm ? Form : "application/json");
        if (answer.Status == 200 && Ending.Contains(template, StringComparer.Ordinal))
        {
            left = 0;
        }

        var isRefusal = answer.Status >= 400;
        var isInShape = isRefusal && answer.Text.StartsWith('{') && answer.Has("errno") && answer.Has("error") && answer.Has("message") && answer.Json.GetProperty("code").GetInt32() == answer.Status;
        return new FuzzedAnswer(
            template, answer.Status, isInShape ? answer.Errno : 0, isInShape, answer.Headers.ContainsKey("Retry-After"),
            $"{said} {path} {(isForm ? "form" : "JSON")} {body} with {authorization}: {answer.Status} {answer.Text}");
    }

    public void Dispose() => client.Dispose();

    private (string Method, string Template) Draw()
    {
        while (true)
        {
            var drawn = Endpoints[random.Next(Endpoints.Count)];
            if (!Ending.Contains(drawn.Template, StringComparer.Ordinal) || random.Next(10) == 0)
            {
                return drawn;
            }
        }
    }

    /// <summary>An account, the one of before where its password still is what it was, and one of everything that it can show.</summary>
    private async Task RenewAsync()
    {
        if (person is null || await person.LoginAsync() is not { Status: 200 } signedIn)
        {
            person = await server.NewPersonAsync();
            signedIn = (await person.LoginAsync()).Ok();
        }

        person.Session = signedIn.String("sessionToken");
        var keys = (await person.LoginAsync(keys: true)).Ok();
        var change = (await person.PostAsync("/password/change/start", new { email = person.Email, oldAuthPW = person.AuthPw })).Ok().String("passwordChangeToken");
        var reset = await ResetAsync(person);
        var (code, verifier) = await person.AuthorizeAsync();
        var tokens = await person.TokensAsync();
        var device = (await person.PostAsync("/account/device", new { name = "Fuzzed", type = "desktop", availableCommands = new Dictionary<string, string> { ["send"] = "key" } })).Ok().String("id");
        var app = await person.PostAsync("/account/app_passwords", new { name = "Fuzzed", authPW = person.AuthPw });
        (string Name, string Value)[] known =
        [
            ("email", person.Email), ("authPW", person.AuthPw), ("oldAuthPW", person.AuthPw), ("wrapKb", AccountClient.RandomHex(32)), ("client_id", AccountClient.Desktop),
            ("scope", AccountClient.SyncScope + " profile"), ("code", code.Ok().String("code")), ("code_verifier", verifier), ("token", tokens.String("refresh_token")),
            ("refresh_token", tokens.String("refresh_token")), ("subject_token", tokens.String("refresh_token")), ("id", device), ("target", device), ("command", "send"), ("to", "all"), ("type", "desktop"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), ("recoveryKeyId", AccountClient.RandomHex(16)), ("code_challenge", AccountClient.Pkce().Challenge),
            ("code_challenge_method", "S256"), ("keys_jwe", "a.b.c.d.e"), ("redirect_uri", "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel"), ("access_type", "offline"), ("response_type", "code"),
        ];
        right.Clear();
        foreach (var (name, value) in known)
        {
            right.Add(name, value);
        }

        bearers.Clear();
        bearers.AddRange(
        [
            AccountClient.Bearer(change, "passwordChangeToken"), AccountClient.Bearer(keys.String("keyFetchToken"), "keyFetchToken"), AccountClient.Bearer(reset, "accountResetToken"),
            "Bearer " + tokens.String("refresh_token"), "Bearer " + tokens.String("access_token"), "Bearer " + await person.AccessTokenAsync("profile"),
        ]);
        if (app.Status == 200)
        {
            bearers.Add("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{app.String("user")}:{app.String("password")}")));
        }

        signers.Clear();
        signers.AddRange([(person.Session, "sessionToken"), (keys.String("sessionToken"), "sessionToken"), (change, "passwordChangeToken"), (keys.String("keyFetchToken"), "keyFetchToken")]);
        left = RequestsWithOneSet;
    }

    /// <summary>By a link, which no guess of another request keeps from working.</summary>
    private async Task<string> ResetAsync(Person of)
    {
        var store = server.Services.GetRequiredService<IKeyedAccountStore>();
        var account = (await store.FindByUidAsync(of.Uid, CancellationToken.None))!;
        var link = (await ResetLink.MakeAsync(store, account, skipsSecondFactor: false, server.Time, CancellationToken.None))!;
        return (await client.PostAsync("/auth/v1/password/forgot/use_link", new { token = link.Split('=')[1] })).Ok().String("accountResetToken");
    }

    private string? Authorization(string method, string path, string? body)
    {
        var (token, kind) = signers[random.Next(signers.Count)];
        return random.Next(10) switch
        {
            0 => null,
            1 => new string([.. Word().Where(static c => c is >= ' ' and <= '~')]),
            2 or 3 => bearers[random.Next(bearers.Count)],
            4 => client.Hawk(token, kind, method, path, random.Next(8) == 0 ? "another body" : body),
            5 => client.Hawk(person!.Session, "sessionToken", method, path),
            _ => AccountClient.Bearer(person!.Session, "sessionToken"),
        };
    }

    private static string Prefix(string template) => template is "/fxa-client-configuration" or "/openid-configuration" ? "/.well-known" : template is "/v1/profile" or "/v1/avatar/default" ? "/profile" : "/auth";

    private string JsonBody() => $"{{{string.Join(',', Members().Select(name => $"{JsonSerializer.Serialize(name)}:{(IsMeant() ? MeantJson(name) : Value(0))}"))}}}";

    private string FormBody() => string.Join(random.Next(20) == 0 ? "&&" : "&", Members().Select(name => $"{name}={(IsMeant() ? Uri.EscapeDataString(Meant(name)) : random.Next(8) == 0 ? Word() : Uri.EscapeDataString(Word()))}"));

    /// <summary>A few, or nearly all that there are.</summary>
    private IEnumerable<string> Members() => random.Next(2) == 0
        ? Enumerable.Range(0, random.Next(8)).Select(_ => Names[random.Next(Names.Length)]).Distinct()
        : Names.Where(static name => name is not "invitation").Where(_ => random.Next(12) > 0);

    private bool IsMeant() => random.Next(12) > 0;

    private string MeantJson(string name) => name switch
    {
        "availableCommands" => """{"send":"key"}""",
        "payload" => """{"encrypted":"x"}""",
        "to" => random.Next(2) == 0 ? "\"all\"" : "[\"x\"]",
        "ttl" => "300",
        _ => JsonSerializer.Serialize(Meant(name)),
    };

    private string Meant(string name) => name switch
    {
        "grant_type" => Grants[random.Next(Grants.Length)],
        "email" when random.Next(10) == 0 => $"{AccountClient.RandomHex(8)}@example.org",
        "clientSalt" => AccountClient.NewSalt(),
        _ => right.TryGetValue(name, out var value) ? value : Word(),
    };

    private string Value(int depth) => random.Next(14) switch
    {
        0 => "null",
        1 => "true",
        2 => random.NextInt64().ToString(CultureInfo.InvariantCulture),
        3 => "-1.5e300",
        4 when depth < 3 => $"[{Value(depth + 1)},{Value(depth + 1)}]",
        5 when depth < 3 => $"{{{JsonSerializer.Serialize(Word())}:{Value(depth + 1)}}}",
        6 => JsonSerializer.Serialize(person!.Email),
        7 => JsonSerializer.Serialize(AccountClient.RandomHex(32)),
        8 => JsonSerializer.Serialize(AccountClient.RandomHex(16)),
        9 => "\"\\ud800\"",
        10 => "\"\\u0000\"",
        11 => JsonSerializer.Serialize(random.Next(2) == 0 ? AccountClient.Desktop : AccountClient.SyncScope + " profile"),
        12 => JsonSerializer.Serialize(AccountClient.NewSalt()),
        _ => JsonSerializer.Serialize(Word()),
    };

    private string Word()
    {
        var text = new StringBuilder();
        for (var length = random.Next(random.Next(30) == 0 ? 2000 : 20); length > 0; length--)
        {
            text.Append(random.Next(5) switch { 0 => (char)random.Next(0x20, 0x7f), 1 => (char)random.Next(0xa0, 0x2000), 2 => '%', _ => (char)random.Next('a', 'z') });
        }

        return text.Length == 0 ? "x" : text.ToString();
    }
}
