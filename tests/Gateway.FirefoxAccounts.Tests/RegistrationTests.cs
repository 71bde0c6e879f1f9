using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Lockstep.Gateway.Sync15.TokenServer;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>Who may make an account, and what is told to whoever may not.</summary>
[Collection(SharedServer.Name)]
public sealed class RegistrationTests(AccountsServer shared)
{
    [Theory]
    [InlineData(AccountRegistration.Closed, null, "closed", false)]
    [InlineData(AccountRegistration.Open, null, "open", true)]
    [InlineData(AccountRegistration.Invitation, null, "invitation", false)]
    [InlineData(AccountRegistration.AllowList, null, "allow-list", true)]
    [InlineData(AccountRegistration.Auto, null, "open", true)]
    [InlineData(AccountRegistration.Auto, "10.1.2.3", "closed", false)]
    [Trait("Part", "Gateway")]
    public async Task SignUp_IsForThoseWhomTheSettingsName(AccountRegistration registration, string? forwardedFor, string mode, bool isIn)
    {
        var server = await AccountsServer.StartAsync(options => options with
        {
            // Who is let in by their address has to show that it is theirs.
            Registration = registration, AllowedEmails = "*@example.org, x@y.z", Smtp = registration is AccountRegistration.AllowList ? new SmtpOptions { Host = "127.0.0.1", Port = 1, From = "a@example.org" } : new(),
        });
        using var client = server.Anonymous();
        (string, string)[] headers = forwardedFor is null ? [] : [("X-Forwarded-For", forwardedFor)];

        var told = (await client.SendAsync("GET", "/auth/v1/account/registration", null, headers: headers)).Ok();
        var body = System.Text.Json.JsonSerializer.Serialize(new { email = "Ann@Example.ORG", authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt() });
        var answer = await client.SendAsync("POST", "/auth/v1/account/create", body, headers: headers);

        Assert.Equal(mode, told.String("registration"));
        Assert.Equal(isIn ? 200 : 403, answer.Status);
        if (!isIn)
        {
            answer.Refused(403, 207);
        }
        else
        {
            Assert.Equal(registration is not AccountRegistration.AllowList, answer.Json.GetProperty("verified").GetBoolean());
        }

        await server.DisposeAsync();
    }

    [Fact]
    [Trait("Part", "Gateway")]
    public async Task Auto_IsClosed_WhereTheAccountsOfKintoAre()
    {
        var server = await AccountsServer.StartAsync(static options => options with
        {
            Accounts = options.Accounts with { Registration = Registration.Closed }, FirefoxAccounts = options.FirefoxAccounts with { Registration = AccountRegistration.Auto },
        });
        using var client = server.Anonymous();

        Assert.Equal("closed", (await client.GetAsync("/auth/v1/account/registration")).Ok().String("registration"));
        (await client.PostAsync("/auth/v1/account/create", new { email = "a@example.org", authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt() })).Refused(403, 207);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Invitation_LetsOneIn()
    {
        var server = await AccountsServer.StartAsync(static options => options with { Registration = AccountRegistration.Invitation });
        var assignments = server.Services.GetRequiredService<IAssignmentStore>();
        var code = InvitationCode.New();
        await assignments.AddInvitationAsync(new Invitation(InvitationCode.DigestOf(code), "", null, ServerTimestamp.Now(server.Time).Plus(60_000), null), CancellationToken.None);
        using var client = server.Anonymous();

        (await SignUpAsync("wrong", "a@example.org")).Refused(403, 207);

        // What cannot be made spends nothing.
        Assert.NotNull(await server.Services.GetRequiredService<AccountDirectory>().AddAsync("kinto@example.org", "kinto's password", CancellationToken.None));
        (await SignUpAsync(code, "kinto@example.org")).Refused(400, 101);
        (await SignUpAsync(code, "a@example.org")).Ok();
        (await SignUpAsync(code, "a@example.org")).Refused(400, 101);
        (await SignUpAsync(code, "b@example.org")).Refused(403, 207);

        // Whoever makes a code up does not hear who is there.
        (await SignUpAsync("made up", "a@example.org")).Refused(403, 207);

        // Nor does the account come back once an operator has removed it.
        Assert.True(await server.Services.GetRequiredService<AccountDirectory>().DeleteAsync("a@example.org", CancellationToken.None));
        (await SignUpAsync(code, "a@example.org")).Refused(403, 207);
        await server.DisposeAsync();

        Task<AccountAnswer> SignUpAsync(string invitation, string email) =>
            client.PostAsync("/auth/v1/account/create", new { email, authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt(), invitation });
    }

    [Theory]
    [InlineData(1_000L)]
    [InlineData(null)]
    public async Task Invitation_SaysWhatTheAccountMayStore(long? quota)
    {
        var server = await AccountsServer.StartAsync(static options => options with { Registration = AccountRegistration.Invitation });
        var assignments = server.Services.GetRequiredService<IAssignmentStore>();
        var code = InvitationCode.New();
        await assignments.AddInvitationAsync(new Invitation(InvitationCode.DigestOf(code), "", quota, ServerTimestamp.Now(server.Time).Plus(60_000), null), CancellationToken.None);
        var person = new Person(server, "a@example.org");
        await person.SignUpAsync(code);

        // What was said when the account was made stays said, whatever becomes of invitations.
        Assert.Equal(200, (await person.SyncTokenAsync(await person.AccessTokenAsync(AccountClient.SyncScope), await person.KeyIdAsync(await person.KeyAsync()))).Status);

        Assert.Equal(quota, (await assignments.FindAsync(new UserIdentity(UserIdentity.Local, person.Uid), CancellationToken.None))[0].QuotaBytes);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task SignUp_ThatIsOpen_IsSoOftenAnHour_WithThoseOfKinto_AndOnlyWhatWasMadeCounts()
    {
        var server = await AccountsServer.StartAsync(static options => options with { Accounts = options.Accounts with { MaxRegistrationsPerHour = 2, Registration = Registration.Open } });
        using var client = server.Anonymous();

        (await SignUpAsync("a@example.org")).Ok();
        (await SignUpAsync("a@example.org")).Refused(400, 101);
        Assert.Equal(201, (await client.SendAsync("PUT", "/v1/accounts/kinto", """{"data":{"password":"s3cr3t"}}""")).Status);

        var refused = (await SignUpAsync("b@example.org")).Refused(429, 114);
        Assert.InRange(refused.Json.GetProperty("retryAfter").GetInt32(), 1, 3600);
        Assert.Equal(429, (await client.SendAsync("PUT", "/v1/accounts/other", """{"data":{"password":"s3cr3t"}}""")).Status);
        await server.DisposeAsync();

        Task<AccountAnswer> SignUpAsync(string email) => client.PostAsync("/auth/v1/account/create", new { email, authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt() });
    }

    [Fact]
    public async Task Address_IsOneAccount_HoweverItIsSpelled_AndAKintoAccountsNameIsTaken()
    {
        var server = shared;
        using var client = server.Anonymous();
        (await SignUpAsync("Ann@Example.org")).Ok();
        (await SignUpAsync("ann@example.ORG")).Refused(400, 101);
        Assert.Equal(201, (await client.SendAsync("PUT", "/v1/accounts/bob@example.org", """{"data":{"password":"s3cr3t"}}""")).Status);
        (await SignUpAsync("bob@example.org")).Refused(400, 101);
        foreach (var bad in new[] { "ann", "@example.org", "ann@", "a@b@c", "a nn@example.org", "ann@-x", "ann@x..y", new string('a', 250) + "@example.org", "\u212Aate@example.org", "" })
        {
            (await SignUpAsync(bad)).Refused(400, 107);
        }

        Task<AccountAnswer> SignUpAsync(string email) => client.PostAsync("/auth/v1/account/create", new { email, authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt() });
    }

    [Fact]
    public async Task SignIn_OfNobody_IsRefusedLikeAWrongPassword_AndItsSaltIsAlwaysTheSame()
    {
        var server = await AccountsServer.StartAsync();
        var person = await server.NewPersonAsync();
        using var client = server.Anonymous();

        var wrong = (await person.LoginAsync(authPw: AccountClient.RandomHex(32))).Refused(400, 103);
        var nobody = (await client.PostAsync("/auth/v1/account/login", new { email = "nobody@example.org", authPW = AccountClient.RandomHex(32) })).Refused(400, 103);

        Assert.Equal(wrong.Text, nobody.Text);
        var salts = new List<string>();
        foreach (var email in new[] { "nobody@example.org", "Nobody@Example.org", "somebody@example.org", person.Email, person.Email.ToUpperInvariant() })
        {
            var status = (await client.PostAsync("/auth/v1/account/credentials/status", new { email })).Ok();
            Assert.Matches("^identity.mozilla.com/picl/v1/quickStretchV2:[0-9a-f]{32}$", status.String("clientSalt"));
            salts.Add(status.String("clientSalt"));
        }

        Assert.Equal(salts[0], salts[1]);
        Assert.NotEqual(salts[0], salts[2]);
        Assert.Equal(salts[3], salts[4]);
        await server.RestartAsync();
        using var later = server.Anonymous();
        Assert.Equal(salts[0], (await later.PostAsync("/auth/v1/account/credentials/status", new { email = "nobody@example.org" })).Ok().String("clientSalt"));
        await server.DisposeAsync();
    }

    [Fact]
    public async Task Questions_WhoseAnswersTellWhoIsThere_AreCounted()
    {
        var server = await AccountsServer.StartAsync(static options => options with { MaxLookups = 3 });
        var person = await server.NewPersonAsync();
        (await person.Client.PostAsync("/auth/v1/account/credentials/status", new { email = person.Email })).Ok();
        (await person.Client.PostAsync("/auth/v1/account/credentials/status", new { email = "nobody@example.org" })).Ok();
        (await person.Client.GetAsync($"/auth/v1/account/status?uid={person.Uid}")).Ok();

        (await person.Client.PostAsync("/auth/v1/account/credentials/status", new { email = person.Email })).Refused(429, 114);
        (await person.Client.GetAsync($"/auth/v1/account/status?uid={person.Uid}")).Refused(429, 114);
        (await person.LoginAsync()).Ok();
        await server.DisposeAsync();
    }

    /// <summary>A code that cannot be spent could ask for all names.</summary>
    [Fact]
    public async Task SignUps_ForNamesThatKintosAccountsHave_AreCounted_AlsoWithAnInvitation()
    {
        var server = await AccountsServer.StartAsync(static options => options with { Registration = AccountRegistration.Invitation });
        var assignments = server.Services.GetRequiredService<IAssignmentStore>();
        var code = InvitationCode.New();
        await assignments.AddInvitationAsync(new Invitation(InvitationCode.DigestOf(code), "", null, ServerTimestamp.Now(server.Time).Plus(600_000), null), CancellationToken.None);
        Assert.NotNull(await server.Services.GetRequiredService<AccountDirectory>().AddAsync("kinto@example.org", "kinto's password", CancellationToken.None));
        using var client = server.Anonymous();

        AccountAnswer answer;
        var told = 0;
        while ((answer = await SignUpAsync()).Status == 400)
        {
            answer.Refused(400, 101);
            Assert.True(++told < 200, "Nothing counts them.");
        }

        answer.Refused(429, 114);
        await server.DisposeAsync();

        Task<AccountAnswer> SignUpAsync() =>
            client.PostAsync("/auth/v1/account/create", new { email = "kinto@example.org", authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt(), invitation = code });
    }

    [Fact]
    public async Task SignIn_HashesOnce_WhoeverItIsOf()
    {
        var server = shared;
        var person = await server.NewPersonAsync();
        using var kinto = server.Anonymous();
        var taken = $"{Guid.NewGuid():N}@example.org";
        Assert.Equal(201, (await kinto.SendAsync("PUT", $"/v1/accounts/{taken}", """{"data":{"password":"s3cr3t"}}""")).Status);
        var stretched = new List<string>();
        var checks = ChecksOf(server, stretched);
        var wrong = new byte[32];
        foreach (var (email, authPw) in new[] { (person.Email, Convert.FromHexString(person.AuthPw)), (person.Email, wrong), ("nobody@example.org", wrong), (taken, wrong) })
        {
            await checks.VerifyAsync(email, authPw, "somewhere", CancellationToken.None);
        }

        // As much memory and as many passes each time.
        Assert.Equal(Enumerable.Repeat("argon2id$m=64,t=1,p=1", 4), stretched);
    }

    /// <summary>That costs a hash when it is first needed. If it were made by whoever asks first, everybody else would wait for it on threads that serve requests.</summary>
    [Fact]
    public async Task Account_ThatIsNotThere_IsComparedWithADecoy_ThatIsMadeInATurnOfItsOwn()
    {
        var server = shared;
        var person = await server.NewPersonAsync();
        using var open = new ManualResetEventSlim();
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var options = server.Options.FirefoxAccounts;
        var checks = new PasswordChecks(
            server.Services.GetRequiredService<IKeyedAccountStore>(), server.Services.GetRequiredService<ISignInThrottle>(),
            options with { HashIterations = 10_000_000, MaxHashBytes = options.HashMemoryBytes }, server.Options.Accounts, server.Time,
            (authPw, stored) =>
            {
                begun.TrySetResult();
                open.Wait();
                return StretchedPassword.Of(authPw, stored);
            });
        var first = checks.VerifyAsync(person.Email, Convert.FromHexString(person.AuthPw), "here", CancellationToken.None).AsTask();
        await begun.Task;
        using var left = new CancellationTokenSource();

        var waiting = checks.VerifyAsync("nobody@example.org", new byte[32], "there", left.Token).AsTask();
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TimeSpan.FromSeconds(20)));
        open.Set();

        Assert.Null((await first).Error);
    }

    [Fact]
    public async Task WrongPasswords_AreCounted_AndRefusedBeforeAnythingIsHashed()
    {
        var server = shared;
        var person = await server.NewPersonAsync();
        for (var tries = 0; tries < 10; tries++)
        {
            (await person.LoginAsync(authPw: AccountClient.RandomHex(32))).Refused(400, 103);
        }

        var answer = (await person.LoginAsync()).Refused(429, 114);

        Assert.True(answer.Json.GetProperty("retryAfter").GetInt32() > 0);

        // The eleventh costs no hash.
        var (other, stretched) = (await server.NewPersonAsync(), new List<string>());
        var checks = ChecksOf(server, stretched);
        for (var tries = 0; tries < 10; tries++)
        {
            await checks.VerifyAsync(other.Email, new byte[32], "somewhere", CancellationToken.None);
        }

        var (_, _, refused) = await checks.VerifyAsync(other.Email, Convert.FromHexString(other.AuthPw), "somewhere", CancellationToken.None);

        Assert.Equal((10, 429), (stretched.Count, refused?.Code));
    }

    /// <summary>As the server's own, and with what is hashed in a list: kind, memory, passes and lanes.</summary>
    private static PasswordChecks ChecksOf(AccountsServer server, List<string> stretched) => new(
        server.Services.GetRequiredService<IKeyedAccountStore>(), server.Services.GetRequiredService<ISignInThrottle>(), server.Options.FirefoxAccounts, server.Options.Accounts, server.Time,
        (authPw, stored) =>
        {
            stretched.Add(stored[..stored.IndexOf('$', "argon2id$".Length)]);
            return StretchedPassword.Of(authPw, stored);
        });

    [Fact]
    public async Task OldStretch_IsTakenWhereItIsSetAlone_AndTellsUnknownAccounts()
    {
        var old = await AccountsServer.StartAsync(static options => options with { OldStretch = true });
        using var client = old.Anonymous();
        (await client.PostAsync("/auth/v1/account/login", new { email = "Ann@example.org", authPW = AccountClient.RandomHex(32) })).Refused(400, 102);
        var authPW = AccountClient.RandomHex(32);
        (await client.PostAsync("/auth/v1/account/create", new { email = "Ann@example.org", authPW })).Ok();
        Assert.Equal("v1", (await client.PostAsync("/auth/v1/account/credentials/status", new { email = "ann@example.org" })).Ok().String("currentVersion"));
        Assert.Equal("Ann@example.org", (await client.PostAsync("/auth/v1/account/login", new { email = "ann@example.org", authPW = AccountClient.RandomHex(32) })).Refused(400, 120).String("email"));
        (await client.PostAsync("/auth/v1/account/login", new { email = "Ann@example.org", authPW })).Ok();
        await old.DisposeAsync();

        using var other = shared.Anonymous();
        (await other.PostAsync("/auth/v1/account/create", new { email = "zoe@example.org", authPW })).Refused(400, 108);
    }

    [Theory]
    [InlineData("http://sync.example.org", null, false, "https")]
    [InlineData("https://sync.example.org/firefox", null, false, "path")]
    [InlineData("https://sync.example.org", "/firefox", false, "path")]
    [InlineData("https://sync.example.org", null, true, "KeyFile")]
    [InlineData("https://sync.example.org/", null, false, null)]
    [InlineData("http://127.0.0.1:8888", null, false, null)]
    [InlineData(null, null, false, null)]
    public void Settings_ThatFirefoxCannotUse_StopTheStart(string? publicUrl, string? pathBase, bool onPostgres, string? expected)
    {
        var problems = new FirefoxAccountOptions { Mode = AccountServerMode.On }.Problems(isOn: true, publicUrl, pathBase, onPostgres, "http://127.0.0.1:8888").ToList();

        if (expected is null)
        {
            Assert.Empty(problems);
        }
        else
        {
            Assert.Contains(problems, problem => problem.Contains(expected, StringComparison.Ordinal));
        }

        var listed = new FirefoxAccountOptions { Registration = AccountRegistration.AllowList, AllowedEmails = "*@example.org" };
        Assert.Contains("Smtp", Assert.Single(listed.Problems(isOn: true, null, null, onPostgres: false, "http://127.0.0.1:8888")), StringComparison.Ordinal);
        Assert.Empty((listed with { Smtp = new SmtpOptions { Host = "localhost", From = "a@example.org" } }).Problems(isOn: true, null, null, onPostgres: false, "http://127.0.0.1:8888"));
        Assert.NotEmpty(new FirefoxAccountOptions().Problems(isOn: true, null, null, onPostgres: false, "http://*:8888"));
        Assert.Empty(new FirefoxAccountOptions().Problems(isOn: false, publicUrl, pathBase, onPostgres, "http://*:8888"));
    }
}
