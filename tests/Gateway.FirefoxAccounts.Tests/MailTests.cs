using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Where mails leave, an address is shown before it counts, and a forgotten password can be set by a mailed code.</summary>
public sealed class MailTests : IAsyncLifetime
{
    private readonly SmtpReceiver receiver = new();
    private AccountsServer server = null!;

    [Fact]
    public async Task Account_WhoseAddressIsNotShown_GetsNoBundleCodeOrToken()
    {
        var person = new Person(server, $"{Guid.NewGuid():N}@example.org");
        var made = await person.SignUpAsync();
        Assert.Equal(("email-otp", false), (made.String("verificationMethod"), made.Json.GetProperty("verified").GetBoolean()));
        var first = await receiver.NextCodeAsync(person.Email);
        (await person.Client.GetAsync("/auth/v1/account/keys", AccountClient.Bearer(made.String("keyFetchToken"), "keyFetchToken"))).Refused(400, 104);
        (await person.AuthorizeAsync()).Answer.Refused(400, 104);
        (await person.PostAsync("/session/verify_code", new { code = "00000000" })).Refused(400, 105);
        (await person.PostAsync("/session/resend_code", new { })).Ok();
        await receiver.NextCodeAsync(person.Email);

        // Another one does not end it: mails come late, and not in order.
        (await person.PostAsync("/session/verify_code", new { code = first })).Ok();

        await person.KeyAsync(made);
        Assert.True((await person.GetAsync("/recovery_email/status")).Ok().Json.GetProperty("verified").GetBoolean());
    }

    [Fact]
    public async Task ForgottenPassword_IsSetByAMailedCode_WithFiveTries()
    {
        var person = await VerifiedAsync();
        var key = await person.KeyAsync();
        await receiver.NextAsync();
        using var client = server.Anonymous();
        (await client.PostAsync("/auth/v1/password/forgot/send_otp", new { email = person.Email })).Ok();
        var lost = await receiver.NextCodeAsync(person.Email);
        for (var tries = 0; tries < 5; tries++)
        {
            (await client.PostAsync("/auth/v1/password/forgot/verify_otp", new { email = person.Email, code = lost == "11111111" ? "22222222" : "11111111" })).Refused(400, 105);
        }

        (await client.PostAsync("/auth/v1/password/forgot/verify_otp", new { email = person.Email, code = lost })).Refused(400, 105);
        (await client.PostAsync("/auth/v1/password/forgot/send_otp", new { email = person.Email })).Ok();
        var code = await receiver.NextCodeAsync(person.Email);
        var reset = (await client.PostAsync("/auth/v1/password/forgot/verify_otp", new { email = person.Email, code })).Ok();
        (await client.PostAsync("/auth/v1/password/forgot/verify_otp", new { email = person.Email, code })).Refused(400, 105);
        var authPw = AccountClient.RandomHex(32);

        var answer = (await client.PostAsync(
            "/auth/v1/account/reset", new { authPW = authPw, clientSalt = AccountClient.NewSalt() }, AccountClient.Bearer(reset.String("accountResetToken"), "accountResetToken"))).Ok();

        Assert.Contains("password of your account", (await receiver.NextAsync()).Text, StringComparison.Ordinal);
        (person.Session, _) = (answer.String("sessionToken"), 0);
        person.SetPassword(authPw, person.UnwrapKey);
        Assert.NotEqual(key, await person.KeyAsync());
    }

    [Fact]
    public async Task ForgottenPassword_OfNobody_IsAnsweredAlike_AndNothingIsSent()
    {
        var person = await VerifiedAsync();
        using var client = server.Anonymous();

        var nobody = await client.PostAsync("/auth/v1/password/forgot/send_otp", new { email = $"no.{person.Email}" });
        var somebody = await client.PostAsync("/auth/v1/password/forgot/send_otp", new { email = person.Email });

        Assert.Equal((nobody.Status, nobody.Text), (somebody.Status, somebody.Text));
        Assert.NotEmpty(await receiver.NextCodeAsync(person.Email));
        (await client.PostAsync("/auth/v1/password/forgot/verify_otp", new { email = $"no.{person.Email}", code = "12345678" })).Refused(400, 105);
    }

    [Fact]
    public async Task ForgottenPassword_IsLookedUpBehindTheAnswer_SoThatNothingTellsWhetherThereIsAnAccount()
    {
        var person = await VerifiedAsync();
        var store = server.Services.GetRequiredService<IKeyedAccountStore>();
        var number = (await store.FindByUidAsync(person.Uid, CancellationToken.None))!.Account.Number;
        using var client = server.Anonymous();

        // The mail before it does not get through: so all that is done now is done in the request.
        receiver.Holds = true;
        (await person.LoginAsync()).Ok();
        (await client.PostAsync("/auth/v1/password/forgot/send_otp", new { email = person.Email })).Ok();

        Assert.Empty(await store.ListTokensAsync(number, [AccountTokenKind.ResetCode], ServerTimestamp.Now(server.Time), CancellationToken.None));
        receiver.Holds = false;
        await receiver.NextAsync();
        Assert.NotEmpty(await receiver.NextCodeAsync(person.Email));
    }

    [Fact]
    public async Task NewSignIn_IsMailed_WithoutAnythingSecret()
    {
        var person = await VerifiedAsync();
        var session = (await person.LoginAsync()).Ok().String("sessionToken");

        var (to, text) = await receiver.NextAsync();

        Assert.Equal(person.Email, to, ignoreCase: true);
        Assert.Contains("signed in to your account", text, StringComparison.Ordinal);
        Assert.DoesNotContain(session, text, StringComparison.Ordinal);
    }

    public async Task InitializeAsync() => server = await AccountsServer.StartAsync(options => options with
    {
        Smtp = new SmtpOptions { Host = "127.0.0.1", Port = receiver.Port, Security = "none", From = "accounts@example.org" },
    });

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        await receiver.DisposeAsync();
    }

    private async Task<Person> VerifiedAsync()
    {
        var person = new Person(server, $"{Guid.NewGuid():N}@example.org");
        await person.SignUpAsync();
        (await person.PostAsync("/session/verify_code", new { code = await receiver.NextCodeAsync(person.Email) })).Ok();
        return person;
    }
}
