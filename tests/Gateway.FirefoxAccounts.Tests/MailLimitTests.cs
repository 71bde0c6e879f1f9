using System.Text.Json;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>How often codes are mailed and tried in a day, where that is three times, and what somebody else can do to them.</summary>
public sealed class MailLimitTests(MailLimitTests.Fixture fixture) : IClassFixture<MailLimitTests.Fixture>
{
    private const string Owner = "192.0.2.1";
    private const string Stranger = "198.51.100.7";

    [Fact]
    public async Task Mails_AskedForByAStranger_AreCountedForADay_AndStopNobodyElses()
    {
        var (person, other) = (await VerifiedAsync(), await VerifiedAsync());
        using var client = fixture.Server.Anonymous();
        for (var asked = 0; asked < 5; asked++)
        {
            (await AskAsync(client, person.Email, Stranger)).Ok();
        }

        (await AskAsync(client, other.Email, Stranger)).Ok();
        (await AskAsync(client, person.Email, Owner)).Ok();

        for (var mail = 0; mail < 3; mail++)
        {
            await fixture.Receiver.NextCodeAsync(person.Email);
        }

        await fixture.Receiver.NextCodeAsync(other.Email);
        var code = await fixture.Receiver.NextCodeAsync(person.Email);
        (await TryAsync(client, person.Email, code, Owner)).Ok();
    }

    [Fact]
    public async Task Mails_AskedForFromEverywhere_DoNotFillAMailbox()
    {
        var (person, other) = (await VerifiedAsync(), await VerifiedAsync());
        using var client = fixture.Server.Anonymous();
        for (var address = 0; address < 12; address++)
        {
            for (var asked = 0; asked < 3; asked++)
            {
                (await AskAsync(client, person.Email, $"203.0.113.{address}")).Ok();
            }
        }

        (await AskAsync(client, other.Email, Owner)).Ok();

        // Ten times as many as for one.
        for (var mail = 0; mail < 30; mail++)
        {
            await fixture.Receiver.NextCodeAsync(person.Email);
        }

        await fixture.Receiver.NextCodeAsync(other.Email);
    }

    [Fact]
    public async Task Mails_ForAForgottenPassword_StopNoneThatShowWhoseAnAddressIs()
    {
        var person = new Person(fixture.Server, $"{Guid.NewGuid():N}@example.org");
        await person.SignUpAsync();
        await fixture.Receiver.NextCodeAsync(person.Email);
        using var client = fixture.Server.Anonymous();
        for (var asked = 0; asked < 3; asked++)
        {
            (await AskAsync(client, person.Email, Stranger)).Ok();
            await fixture.Receiver.NextCodeAsync(person.Email);
        }

        for (var asked = 0; asked < 2; asked++)
        {
            (await person.PostAsync("/session/resend_code", new { })).Ok();
            await fixture.Receiver.NextCodeAsync(person.Email);
        }

        (await person.PostAsync("/session/resend_code", new { })).Refused(429, 114);
    }

    [Fact]
    public async Task Code_StaysGood_WhoeverAsksForAnother_AndWhoeverGuesses()
    {
        var person = await VerifiedAsync();
        using var client = fixture.Server.Anonymous();
        (await AskAsync(client, person.Email, Owner)).Ok();
        var code = await fixture.Receiver.NextCodeAsync(person.Email);
        for (var asked = 0; asked < 3; asked++)
        {
            (await AskAsync(client, person.Email, Stranger)).Ok();
            await fixture.Receiver.NextCodeAsync(person.Email);
        }

        // More than a code takes from elsewhere.
        foreach (var address in new[] { Stranger, "198.51.100.8", "198.51.100.9" })
        {
            for (var tries = 0; tries < 2; tries++)
            {
                (await TryAsync(client, person.Email, "0000000", address)).Refused(400, 105);
            }
        }

        (await TryAsync(client, person.Email, code, "198.51.100.10")).Refused(400, 105);
        (await TryAsync(client, person.Email, code, Owner)).Ok();
        (await TryAsync(client, person.Email, code, Owner)).Refused(400, 105);
    }

    [Fact]
    public async Task Code_IsGoodFromElsewhereToo_SinceAddressesChange()
    {
        var person = await VerifiedAsync();
        using var client = fixture.Server.Anonymous();
        (await AskAsync(client, person.Email, Owner)).Ok();
        var code = await fixture.Receiver.NextCodeAsync(person.Email);

        (await TryAsync(client, person.Email, code, "2001:db8::1")).Ok();
    }

    [Fact]
    public async Task CodeOfTheAddress_IsTriedSoOften_AndThenNotAtAll()
    {
        var person = new Person(fixture.Server, $"{Guid.NewGuid():N}@example.org");
        await person.SignUpAsync();
        var code = await fixture.Receiver.NextCodeAsync(person.Email);
        for (var tries = 0; tries < 3; tries++)
        {
            (await person.PostAsync("/session/verify_code", new { code = "0000000" })).Refused(400, 105);
        }

        (await person.PostAsync("/session/verify_code", new { code })).Refused(429, 114);
    }

    private static Task<AccountAnswer> AskAsync(AccountClient client, string email, string from) => SendAsync(client, "send_otp", new { email }, from);

    private static Task<AccountAnswer> TryAsync(AccountClient client, string email, string code, string from) => SendAsync(client, "verify_otp", new { email, code }, from);

    private static Task<AccountAnswer> SendAsync(AccountClient client, string path, object body, string from) =>
        client.SendAsync("POST", "/auth/v1/password/forgot/" + path, JsonSerializer.Serialize(body), headers: ("X-Forwarded-For", from));

    private async Task<Person> VerifiedAsync()
    {
        var person = new Person(fixture.Server, $"{Guid.NewGuid():N}@example.org");
        await person.SignUpAsync();
        (await person.PostAsync("/session/verify_code", new { code = await fixture.Receiver.NextCodeAsync(person.Email) })).Ok();
        return person;
    }

    public sealed class Fixture : IAsyncLifetime
    {
        public SmtpReceiver Receiver { get; } = new();

        public AccountsServer Server { get; private set; } = null!;

        public async Task InitializeAsync() => Server = await AccountsServer.StartAsync(options => options with
        {
            // A test asks more often than one of its addresses may in the window of passwords.
            Accounts = options.Accounts with { MaxFailures = 100 },
            Http = options.Http with { TrustedProxies = "127.0.0.1, ::1" },
            FirefoxAccounts = options.FirefoxAccounts with
            {
                MaxGuessesPerDay = 3,
                MaxMailsPerDay = 3,
                Smtp = new SmtpOptions { Host = "127.0.0.1", Port = Receiver.Port, Security = "none", From = "accounts@example.org" },
            },
        });

        public async Task DisposeAsync()
        {
            await Server.DisposeAsync();
            await Receiver.DisposeAsync();
        }
    }
}
