using System.Text;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.Protocol;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>What a thief of the database or a reader of the log has: nothing.</summary>
public sealed class SecretTests
{
    [Fact]
    public async Task DatabaseAndLog_AfterAllThatCanBeDone_HoldNoSecret()
    {
        var server = await AccountsServer.StartAsync();
        using var log = LogWatch.On(server.Services);
        var person = await server.NewPersonAsync();
        var signedIn = (await person.LoginAsync(keys: true)).Ok();
        var key = await person.KeyAsync(signedIn);
        var tokens = await person.TokensAsync();
        var (code, _) = await person.AuthorizeAsync();
        var recovery = AccountClient.RandomHex(16);
        (await person.PostAsync("/recoveryKey", new { recoveryKeyId = recovery, recoveryData = "x", authPW = person.AuthPw })).Ok();
        var reset = (await person.Client.PostAsync("/auth/v1/recoveryKey/use", new { email = person.Email, recoveryKeyId = recovery })).Ok();
        var totp = (await person.PostAsync("/totp/create", new { authPW = person.AuthPw })).Ok().String("secret");
        var app = (await person.PostAsync("/account/app_passwords", new { name = "x", authPW = person.AuthPw })).Ok().String("password");
        var access = await person.AccessTokenAsync(AccountClient.SyncScope);
        (await person.LoginAsync(authPw: AccountClient.RandomHex(32))).Refused(400, 103);
        string[] hex =
        [
            person.AuthPw, Convert.ToHexStringLower(key), Convert.ToHexStringLower(AccountClient.Xor(key, person.UnwrapKey)), person.Session, signedIn.String("sessionToken"), signedIn.String("keyFetchToken"),
            tokens.String("refresh_token"), code.String("code"), recovery, reset.String("accountResetToken"),
            .. new[] { person.Session, signedIn.String("sessionToken") }.SelectMany(static token => AccountClient.Derive(Convert.FromHexString(token), "sessionToken", 64).Chunk(32)).Select(Convert.ToHexStringLower),
        ];
        var canaries = hex.Concat(hex.Select(static text => Convert.ToBase64String(Convert.FromHexString(text)))).Concat([tokens.String("access_token"), access, totp, app]).ToList();

        foreach (var text in new[] { await DumpAsync(server, person), string.Join('\n', log.Above(LogLevel.Trace)) })
        {
            Assert.NotEmpty(text);
            Assert.All(canaries, canary => Assert.DoesNotContain(canary, text, StringComparison.OrdinalIgnoreCase));
        }

        if (File.Exists(Path.Combine(server.DataDirectory, "lockstep.db")))
        {
            var bytes = Directory.GetFiles(server.DataDirectory, "lockstep.db*").Select(Read).ToList();
            Assert.All(hex, canary => Assert.All(bytes, file => Assert.True(file.AsSpan().IndexOf(Convert.FromHexString(canary)) < 0)));
            Assert.All(canaries, canary => Assert.All(bytes, file => Assert.True(file.AsSpan().IndexOf(Encoding.ASCII.GetBytes(canary)) < 0)));
        }

        await server.DisposeAsync();

        static byte[] Read(string path)
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var memory = new MemoryStream();
            stream.CopyTo(memory);
            return memory.ToArray();
        }
    }

    [Fact]
    public async Task Database_WithoutThePassword_OpensNothing_AndWithItForOneArgonEach()
    {
        var server = await AccountsServer.StartAsync();
        var person = await server.NewPersonAsync();
        var key = await person.KeyAsync();
        var account = (await server.Services.GetRequiredService<IKeyedAccountStore>().FindByUidAsync(person.Uid, CancellationToken.None))!;

        var right = StretchedPassword.Of(Convert.FromHexString(person.AuthPw), account.Account.PasswordHash)!;
        var wrong = StretchedPassword.Of(Convert.FromHexString(AccountClient.RandomHex(32)), account.Account.PasswordHash)!;

        Assert.Equal(key, AccountClient.Xor(right.Unwrap(account.Uid, account.WrappedKey)!, person.UnwrapKey));
        Assert.Null(wrong.Unwrap(account.Uid, account.WrappedKey));
        Assert.Null(new AccountKey(server.Options.FirefoxAccounts.Key!).Open("wrapped key of " + account.Uid, account.WrappedKey));
        await server.DisposeAsync();
    }

    [Fact]
    public async Task DatabaseOfAnotherKey_IsNoticed()
    {
        var server = await AccountsServer.StartAsync();
        using var client = server.Anonymous();
        (await client.GetAsync("/auth/v1/jwks")).Ok();
        var store = server.Services.GetRequiredService<IKeyedAccountStore>();

        Assert.True(await FirefoxAccountsServiceCollectionExtensions.IsKeyOfAsync(new AccountKey(server.Options.FirefoxAccounts.Key!), store));
        Assert.False(await FirefoxAccountsServiceCollectionExtensions.IsKeyOfAsync(new AccountKey("some other key that is long enough too"), store));
        await server.DisposeAsync();
    }

    private static async Task<string> DumpAsync(AccountsServer server, Person person)
    {
        var store = server.Services.GetRequiredService<IKeyedAccountStore>();
        var account = (await store.FindByUidAsync(person.Uid, CancellationToken.None))!;
        var lines = (await store.ListTokensAsync(account.Account.Number, Enum.GetValues<AccountTokenKind>(), ServerTimestamp.Now(server.Time), CancellationToken.None)).Select(static token => token.ToString());
        return string.Join('\n', lines.Append(account.ToString()));
    }
}
