using System.Security.Cryptography;
using Lockstep.Gateway.Accounts;
using Lockstep.Gateway.Federation;
using Lockstep.Gateway.Metering;
using Lockstep.Gateway.OpenId;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.Protocol;

/// <summary>What is asked of a provider, how often, and for how long its answers count.</summary>
public sealed class OpenIdVerifierTests : IAsyncLifetime
{
    private readonly FakeTimeProvider time = new(TimeProvider.System.GetUtcNow());
    private readonly GatewayMetrics metrics = new();
    private OpenIdIssuer issuer = null!;
    private OpenIdProviders? providers;

    public async Task InitializeAsync() => issuer = await OpenIdIssuer.StartAsync();

    public async Task DisposeAsync()
    {
        providers?.Dispose();
        metrics.Dispose();
        await issuer.DisposeAsync();
    }

    private Task<SignIn> SignInAsync(string token, Func<OpenIdProviderOptions, OpenIdProviderOptions>? change = null, CancellationToken cancellationToken = default)
    {
        providers ??= new OpenIdProviders(
            new OpenIdOptions
            {
                CacheEntries = 3,
                Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal) { ["1"] = (change ?? (static provider => provider))(OpenIdServer.Of(issuer)) },
            },
            new AccountSecret(new byte[] { 1 }), metrics, time, NullLogger<OpenIdProvider>.Instance);
        return providers.Schemes[0].SignInAsync(new SignInRequest("Bearer " + token, Address: null), cancellationToken).AsTask();
    }

    private string Signed(string subject = "alice", RSA? key = null) => issuer.Signed(subject, key: key, now: time.GetUtcNow());

    [Fact]
    public async Task Key_ThatIsNotKnown_IsLookedForOnceAMinuteAtMost()
    {
        using var next = RSA.Create(2048);
        using var stranger = RSA.Create(2048);
        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(Signed())).Status);

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(SignInStatus.Refused, (await SignInAsync(Signed(key: stranger))).Status);
        }

        Assert.Equal(1, issuer.KeysRead);
        issuer.Key = next;
        time.Advance(TimeSpan.FromMinutes(1));
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SignInAsync(Signed()))), static signIn => Assert.Equal(SignInStatus.Succeeded, signIn.Status));
        Assert.Equal((2, 1), (issuer.KeysRead, issuer.Discovered));
    }

    [Fact]
    public async Task Keys_ThatAreKnown_CountWhileTheProviderIsAway()
    {
        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(Signed())).Status);
        issuer.Fault = 500;
        time.Advance(TimeSpan.FromHours(2));

        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(Signed())).Status);
    }

    [Fact]
    public async Task Provider_ThatIsAway_IsAskedOnceInFiveSeconds_AndNobodyWaitsMeanwhile()
    {
        issuer.Fault = 500;
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SignInAsync(Signed()))), static signIn => Assert.Equal(SignInStatus.Busy, signIn.Status));
        Assert.Equal(1, issuer.Discovered);

        issuer.Fault = 0;
        Assert.Equal(SignInStatus.Busy, (await SignInAsync(Signed())).Status);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(Signed())).Status);
    }

    [Fact]
    public async Task Discovery_OfAnotherIssuer_IsNone()
    {
        issuer.FalseName = issuer.Url + "/";

        Assert.Equal(SignInStatus.Busy, (await SignInAsync(Signed())).Status);
        Assert.Equal(0, issuer.KeysRead);
    }

    [Fact]
    public async Task Provider_ThatHangs_IsGivenUp()
    {
        issuer.Hanging = new TaskCompletionSource();
        var waiting = SignInAsync(Signed());
        while (issuer.Discovered == 0)
        {
            await Task.Yield();
        }

        time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(SignInStatus.Busy, (await waiting).Status);
    }

    [Fact]
    public async Task OpaqueToken_IsAskedForOnce_AndARevokedOneIsOverWithinTheCacheTime()
    {
        var token = issuer.Opaque("alice");
        Assert.All(await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SignInAsync(token))), static signIn => Assert.Equal("corp:alice", signIn.Principal?.Id));
        Assert.Equal(1, issuer.Asked);
        issuer.Revoke(token);

        time.Advance(TimeSpan.FromMinutes(1) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(token)).Status);
        time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(SignInStatus.Refused, (await SignInAsync(token)).Status);
        Assert.Equal(2, issuer.Asked);
    }

    [Fact]
    public async Task OpaqueToken_ThatEndsSooner_IsOverThen()
    {
        var token = issuer.Opaque("alice", says => says["exp"] = time.GetUtcNow().ToUnixTimeSeconds() + 10);
        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(token)).Status);
        time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal(SignInStatus.Refused, (await SignInAsync(token)).Status);
    }

    [Fact]
    public async Task OpaqueToken_ThatIsRefused_IsNotAskedForAgainForAMinute()
    {
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(SignInStatus.Refused, (await SignInAsync("unknown")).Status);
        }

        Assert.Equal(1, issuer.Asked);
        time.Advance(RefusedTokens.Lifetime);
        await SignInAsync("unknown");
        Assert.Equal(2, issuer.Asked);
    }

    [Fact]
    public async Task OpaqueTokens_MoreThanAreRemembered_AreAskedForAgain()
    {
        var tokens = Enumerable.Range(0, 4).Select(number => issuer.Opaque($"user-{number}")).ToList();
        foreach (var token in tokens.Append(tokens[3]).Append(tokens[0]))
        {
            Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(token)).Status);
        }

        Assert.Equal(5, issuer.Asked);
    }

    [Fact]
    public async Task Provider_ThatDoesNotSayWhoseTokensAre_IsLeftAloneForAWhile()
    {
        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(issuer.Opaque("alice"))).Status);
        issuer.Fault = 500;
        for (var i = 0; i < CircuitBreaker.MaxFailures + 5; i++)
        {
            Assert.Equal(SignInStatus.Busy, (await SignInAsync($"unknown{i}")).Status);
        }

        Assert.Equal(1 + CircuitBreaker.MaxFailures, issuer.Asked);
        issuer.Fault = 0;
        time.Advance(CircuitBreaker.Pause);
        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(issuer.Opaque("bob"))).Status);
    }

    /// <summary>A client that hangs up ends nothing that was asked for it.</summary>
    [Fact]
    public async Task OpaqueTokens_OfWhoHangsUp_AreAskedForNoMoreAtATimeThanOfOthers()
    {
        // A quarter of the places is the most that one address gets.
        const int most = 64;
        Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(issuer.Opaque("alice"))).Status);
        issuer.Hanging = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        for (var i = 0; i < 5 * most; i++)
        {
            using var gone = new CancellationTokenSource();
            var signIn = SignInAsync($"unknown{i}", cancellationToken: gone.Token);
            await gone.CancelAsync();
            await ((Task)signIn).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (signIn.IsCanceled)
            {
                asked++;
            }
            else
            {
                Assert.Equal(SignInStatus.Busy, (await signIn).Status);
            }
        }

        Assert.Equal(most, asked);
        issuer.Hanging.SetResult();
        issuer.Hanging = null;
        var token = issuer.Opaque("bob");
        while ((await SignInAsync(token)).Status == SignInStatus.Busy)
        {
            await Task.Yield();
        }

        Assert.InRange(issuer.Asked, 2, most + 2);
    }

    [Fact]
    public async Task Credentials_ThatTheProviderRefuses_AreNoFaultOfTheToken()
    {
        var token = issuer.Opaque("alice");

        Assert.Equal(SignInStatus.Busy, (await SignInAsync(token, static provider => provider with { ClientSecret = "wrong" })).Status);
    }

    [Theory]
    [InlineData("kinto:write", "openid kinto:write email", true)]
    [InlineData("kinto:write email", "email kinto:write", true)]
    [InlineData("kinto:write", "kinto:write2", false)]
    [InlineData("kinto:write", null, false)]
    public async Task Scopes_ThatAreRequired_HaveToBeThere(string required, string? scope, bool isIn)
    {
        var token = issuer.Opaque("alice", says => says["scope"] = scope);
        var signed = issuer.Signed("alice", claims => (claims["scope"], claims["scp"]) = (null, scope is null ? null : new System.Text.Json.Nodes.JsonArray([.. scope.Split(' ').Select(static one => System.Text.Json.Nodes.JsonValue.Create(one))])), now: time.GetUtcNow());

        foreach (var one in new[] { token, signed })
        {
            Assert.Equal(isIn ? SignInStatus.Succeeded : SignInStatus.Refused, (await SignInAsync(one, provider => provider with { RequiredScopes = required })).Status);
        }
    }

    [Fact]
    public async Task SignedToken_OfAProviderWithoutAnAudience_IsAskedForAsAnOpaqueOneIs_OrRefused()
    {
        var token = Signed();
        Assert.Equal(SignInStatus.Refused, (await SignInAsync(token, static provider => provider with { Audience = null })).Status);
        Assert.Equal((1, 0), (issuer.Asked, issuer.KeysRead));
    }

    [Theory]
    [InlineData("alice,bob", "bob", true)]
    [InlineData("alice,bob", "bobby", false)]
    [InlineData("staff-*", "staff-1", true)]
    [InlineData("staff-*", "STAFF-1", false)]
    [InlineData("b?b", "bob", false)]
    [InlineData("", "bob", false)]
    public async Task Users_WhoAreNotAllowed_StayOut(string allowed, string subject, bool isIn) =>
        Assert.Equal(isIn ? SignInStatus.Succeeded : SignInStatus.Refused, (await SignInAsync(Signed(subject), provider => provider with { AllowedUsers = allowed })).Status);

    [Fact]
    public async Task Secret_OfAFile_IsShownInTheBodyWhereTheSettingsSaySo()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, OpenIdIssuer.Secret + "\n");
        try
        {
            var token = issuer.Opaque("alice");
            Assert.Equal(SignInStatus.Succeeded, (await SignInAsync(token, provider => provider with { ClientSecret = null, ClientSecretFile = file, ClientAuthentication = ClientAuthentication.Post })).Status);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("Name", "account", "OpenId:Providers:1:Name is 'account'.")]
    [InlineData("Name", "Corp", "OpenId:Providers:1:Name is 'Corp'.")]
    [InlineData("Issuer", "http://issuer.example.org", "OpenId:Providers:1:Issuer is")]
    [InlineData("Audience", null, "OpenId:Providers:1 has no way to verify tokens.")]
    [InlineData("HeaderType", "basic", "OpenId:Providers:1:HeaderType is 'basic'.")]
    [InlineData("Callbacks", "http://app.example.org/", "OpenId:Providers:1:Callbacks has 'http://app.example.org/'.")]
    [InlineData("Callbacks", "https://app.example.org/#x", "OpenId:Providers:1:Callbacks has 'https://app.example.org/#x'.")]
    [InlineData("ClientId", null, "OpenId:Providers:1:Callbacks is set and OpenId:Providers:1:ClientId is not.")]
    [InlineData("ClientSecretFile", "/does/not/exist", "OpenId:Providers:1:ClientSecret and OpenId:Providers:1:ClientSecretFile are both set.")]
    [InlineData("UserIdField", "", "OpenId:Providers:1:UserIdField is empty.")]
    public void Setting_ThatCannotBe_IsToldWithTheFix(string name, string? value, string message)
    {
        var provider = OpenIdServer.Of(issuer) with { OpaqueTokens = OpaqueTokens.Refused };
        typeof(OpenIdProviderOptions).GetProperty(name)!.SetValue(provider, value);
        var options = new OpenIdOptions { Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal) { ["1"] = provider } };

        Assert.StartsWith(message, options.Problems().First(), StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_OfProvidersThatCannotBeToldApart_AreRefused()
    {
        var one = OpenIdServer.Of(issuer);
        var options = new OpenIdOptions { Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal) { ["1"] = one, ["2"] = one } };

        Assert.Equal(
            ["Two providers have the name", "Two providers have the issuer", "More than one provider takes opaque tokens"],
            options.Problems().Select(static problem => string.Join(' ', problem.Split(' ')[..(problem.StartsWith("More", StringComparison.Ordinal) ? 7 : 5)])));
        Assert.Empty((options with { Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal) { ["1"] = one } }).Problems());
        Assert.Single((options with { Providers = new Dictionary<string, OpenIdProviderOptions>(StringComparer.Ordinal) { ["2"] = one } }).Problems());
    }
}
