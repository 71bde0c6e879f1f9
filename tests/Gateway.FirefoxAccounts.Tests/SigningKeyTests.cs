using System.Security.Cryptography;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.OAuth;
using Lockstep.Gateway.FirefoxAccounts.Secrets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>How one signing key follows the other, over the store of a server and a clock of the test's own.</summary>
public sealed class SigningKeyTests
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(90);
    private static readonly byte[] Signed = "header.payload"u8.ToArray();

    [Fact]
    public async Task Key_IsPublishedBeforeItSigns_AndUntilAllThatItSignedIsOver_AndNoLonger()
    {
        var server = await AccountsServer.StartAsync();
        var store = server.Services.GetRequiredService<IKeyedAccountStore>();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var key = new AccountKey(server.Options.FirefoxAccounts.Key!);
        using var keys = new SigningKeys(store, key, new FirefoxAccountOptions { SigningKeyLifetime = Lifetime }, time);
        var first = await keys.CurrentAsync(default);

        // The next one is shown, and does not sign yet.
        time.Advance(Lifetime);
        Assert.Equal(2, (await keys.AllAsync(default)).Count);
        Assert.Equal(first.Id, (await keys.CurrentAsync(default)).Id);

        // From then on it does; another server of the database has the same, and what the first one signed still verifies.
        time.Advance(TimeSpan.FromHours(1));
        var last = first.Rsa.SignData(Signed, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var second = await keys.CurrentAsync(default);
        Assert.NotEqual(first.Id, second.Id);
        using var other = new SigningKeys(store, key, new FirefoxAccountOptions { SigningKeyLifetime = Lifetime }, time);
        Assert.Equal(second.Id, (await other.CurrentAsync(default)).Id);
        time.Advance(TimeSpan.FromHours(6));
        Assert.Equal([second.Id, first.Id], (await other.AllAsync(default)).Select(static one => one.Id));
        Assert.True((await other.AllAsync(default))[1].Rsa.VerifyData(Signed, last, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

        // A day after that it is gone, and what it signed with as well.
        time.Advance(TimeSpan.FromHours(18));
        Assert.Equal([second.Id], (await keys.AllAsync(default)).Select(static one => one.Id));
        Assert.Equal([second.Id], (await store.ListServerKeysAsync(default)).Select(static one => one.Id));
        await server.DisposeAsync();
    }
}
