using CsCheck;
using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Lockstep.Gateway.Protocol;
using Lockstep.Gateway.Sync15.TokenServer;
using Lockstep.Storage.Contract;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>Which store a user gets: one at a time, and another one with another key.</summary>
public sealed class UserStoreTests(TokenServers servers) : IClassFixture<TokenServers>
{
    private static int lastUser;

    [Fact]
    public async Task Reset_GivesAnotherStore_ThatIsEmpty_AndTheOneOfBeforeIsWrittenNoMore()
    {
        var user = NewUser();
        using var before = await servers.DeviceAsync(user, 100, 100, "aa");
        (await before.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();

        using var after = await servers.DeviceAsync(user, 200, 200, "bb");

        Assert.NotEqual(before.Uid, after.Uid);
        Assert.Equal("{}", (await after.GetAsync("/info/collections")).AssertOk().Text);
        (await after.PutAsync("/storage/tabs/b", """{"payload":"y"}""")).AssertOk();
        (await before.PutAsync("/storage/tabs/a", """{"payload":"y"}""")).AssertError(401, 0);
        (await before.PostAsync("/storage/tabs?batch=true&commit=true", """[{"id":"c","payload":"y"}]""")).AssertError(401, 0);
        (await before.DeleteAsync("/storage")).AssertError(401, 0);
        Assert.Equal("x", (await before.GetAsync("/storage/tabs/a")).AssertOk().Json.GetProperty("payload").GetString());
    }

    [Fact]
    public async Task Password_ThatChanges_KeepsTheStore_AndTokensOfBeforeAreRefused()
    {
        var user = NewUser();
        using var before = await servers.DeviceAsync(user, 100, 100, "aa");
        using var after = await servers.DeviceAsync(user, 150, 100, "aa");

        Assert.Equal(before.Uid, after.Uid);
        await AssertRefusedAsync(user, 100, 100, "aa", """{"status":"invalid-generation","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""");
        (await before.PutAsync("/storage/tabs/a", """{"payload":"y"}""")).AssertOk();
    }

    [Fact]
    public async Task Keys_OfBefore_AreRefused_InTheWordsOfTheProtocol()
    {
        var user = NewUser();
        using var first = await servers.DeviceAsync(user, 100, 100, "aa");
        using var second = await servers.DeviceAsync(user, 200, 200, "bb");

        const string state = """{"status":"invalid-client-state","errors":[{"location":"header","name":"X-Client-State","description":"Unacceptable client-state value WHY"}]}""";
        await AssertRefusedAsync(user, 300, 300, "aa", state.Replace("WHY", "stale value", StringComparison.Ordinal));
        await AssertRefusedAsync(user, 300, 300, "", state.Replace("WHY", "empty string", StringComparison.Ordinal));
        await AssertRefusedAsync(user, 200, 200, "cc", state.Replace("WHY", "new value with no generation change", StringComparison.Ordinal));
        await AssertRefusedAsync(user, 300, 200, "cc", state.Replace("WHY", "new value with no keys_changed_at change", StringComparison.Ordinal));
        await AssertRefusedAsync(user, 300, 301, "cc", """{"status":"invalid-keysChangedAt","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""");
        await AssertRefusedAsync(user, 200, 199, "bb", """{"status":"invalid-keysChangedAt","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""");
        Assert.Equal(new UserKeys(200, "bb", 200), (await FindAsync(user))[0].Keys);
    }

    [Fact]
    public async Task Clock_SetBackBetweenTwoResets_ChangesNothing()
    {
        var time = new FakeTime(TimeProvider.System.GetUtcNow()) { TimersAreReal = true };
        await using var own = new Owned(await TokenServers.StartAsync(time: time));
        using var first = await own.Servers.DeviceAsync("u", 100, 100, "aa");
        time.JumpWallClock(TimeSpan.FromDays(-1));
        using var second = await own.Servers.DeviceAsync("u", 200, 200, "bb");
        time.JumpWallClock(TimeSpan.FromDays(-1));
        using var third = await own.Servers.DeviceAsync("u", 300, 300, "cc");
        using var again = await own.Servers.DeviceAsync("u", 300, 300, "cc");

        Assert.Equal(3, new[] { first.Uid, second.Uid, third.Uid }.Distinct().Count());
        Assert.Equal(third.Uid, again.Uid);
        foreach (var (device, status) in new[] { (first, 401), (second, 401), (third, 200) })
        {
            Assert.Equal(status, (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).Status);
        }
    }

    [Fact]
    public async Task FirstRequests_ThatRace_GetOneStore()
    {
        var user = NewUser();
        var uids = await Task.WhenAll(Enumerable.Range(0, 12).Select(async _ =>
        {
            using var device = await servers.DeviceAsync(user, 100, 100, "aa");
            return device.Uid;
        }));

        Assert.Single(uids.Distinct());
        Assert.Single(await FindAsync(user));
    }

    [Fact]
    public async Task Resets_ThatRace_GiveOneStore_AndTheOneOfBeforeIsClosed()
    {
        var user = NewUser();
        using var before = await servers.DeviceAsync(user, 100, 100, "aa");
        var uids = await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            using var device = await servers.DeviceAsync(user, 200, 200, "bb");
            (await before.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertError(401, 0);
            return device.Uid;
        }));

        Assert.Single(uids.Distinct());
        Assert.Equal([null, true], (await FindAsync(user)).Select(static store => store.Replaced is null ? (bool?)null : store.IsClosed));
    }

    [Fact]
    public async Task Requests_InAnyOrderAtOnce_NeverSetNumbersBack_AndNoKeyComesBack()
    {
        var gen = Gen.Select(Gen.Long[0, 5], Gen.OneOf(Gen.Const("aa"), Gen.Const("bb"), Gen.Const("cc")), Gen.Long[0, 5], (generation, fingerprint, changed) => (generation, new KeyId(changed, fingerprint)));
        await gen.Array[4, 4].Array[1, 4].SampleAsync(
            async rounds =>
            {
                var user = servers.User(NewUser());
                var stores = servers.Sync.Services.GetRequiredService<UserStores>();
                UserKeys known = default;
                foreach (var round in rounds)
                {
                    await Task.WhenAll(round.Select(asked => stores.FindAsync(new VerifiedUser(user, asked.generation, null), asked.Item2, invitation: null, CancellationToken.None).AsTask()));
                    var found = await servers.Assignments.FindAsync(user, CancellationToken.None);
                    Assert.True(found[0].Keys.Generation >= known.Generation && found[0].Keys.KeysChangedAt >= known.KeysChangedAt, $"{found[0].Keys} after {known}");
                    Assert.Equal(found.Count, found.Select(static store => store.Keys.Fingerprint).Distinct().Count());
                    Assert.All(found.Skip(1), static store => Assert.True(store is { Replaced: not null, IsClosed: true }));
                    Assert.Null(found[0].Replaced);
                    known = found[0].Keys;
                }
            },
            iter: 15,
            threads: 1);
    }

    [Fact]
    public async Task Store_ThatCannotBeClosed_GivesNoToken_AndIsClosedByTheNextRequest()
    {
        var user = new VerifiedUser(servers.User(NewUser()), 0, null);
        var accounts = new AccountsThatFail(servers.Sync.Services.GetRequiredService<IAccountStore>());
        var stores = ActivatorUtilities.CreateInstance<UserStores>(servers.Sync.Services, accounts);
        var before = (await stores.FindAsync(user, new KeyId(100, "aa"), null, CancellationToken.None)).Found!.Store;

        accounts.Failures = 2;
        for (var i = 0; i < 2; i++)
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(async () => await stores.FindAsync(user, new KeyId(200, "bb"), null, CancellationToken.None));
        }

        Assert.False((await servers.Assignments.FindAsync(user.Identity, CancellationToken.None))[1].IsClosed);
        var after = (await stores.FindAsync(user, new KeyId(200, "bb"), null, CancellationToken.None)).Found!.Store;
        Assert.NotEqual(before.Number, after.Number);
        Assert.True((await servers.Assignments.FindAsync(user.Identity, CancellationToken.None))[1].IsClosed);
        using var device = servers.Sync.Device(before.Number);
        (await device.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertError(401, 0);
    }

    [Fact]
    public async Task Store_ThatWasEnded_IsFollowedByAnother_WithTheKeysThatAreKnown()
    {
        var user = NewUser();
        using var before = await servers.DeviceAsync(user, 100, 100, "aa");
        Assert.True(await servers.Assignments.EndAsync((await FindAsync(user))[0], retire: false, ServerTimestamp.Now(servers.Time), CancellationToken.None));

        await AssertRefusedAsync(user, 99, 100, "aa", """{"status":"invalid-generation","errors":[{"location":"body","name":"","description":"Unauthorized"}]}""");
        Assert.Equal(new UserKeys(100, "aa", 100), (await FindAsync(user))[0].Keys);
        using var after = await servers.DeviceAsync(user, 100, 100, "aa");
        Assert.NotEqual(before.Uid, after.Uid);
        (await before.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertError(401, 0);
        (await after.PutAsync("/storage/tabs/a", """{"payload":"x"}""")).AssertOk();
    }

    [Fact]
    public async Task Quota_OfTheUser_IsInTheToken_AndTheStorageKeepsToIt()
    {
        var user = NewUser();
        using var before = await servers.DeviceAsync(user, 100, 100, "aa");
        Assert.True(await servers.Assignments.SetQuotaAsync(servers.User(user), 2048, CancellationToken.None));
        using var device = await servers.DeviceAsync(user, 100, 100, "aa");
        var large = $$"""{"payload":"{{new string('x', 2049)}}"}""";

        Assert.Equal(2048, new TokenSigner([SyncServer.Secret]).Verify(device.Id)!.Value.Token.QuotaBytes);
        Assert.Equal("[0,2]", (await device.GetAsync("/info/quota")).AssertOk().Text);
        Assert.Equal(2048, (await device.GetAsync("/info/configuration")).Json.GetProperty("max_quota_limit").GetInt32());
        (await device.PutAsync("/storage/tabs/a", large)).AssertError(403, 14);
        (await device.PostAsync("/storage/tabs", $"[{{\"id\":\"a\",{large[1..]}]")).AssertError(403, 14);
        (await before.PutAsync("/storage/tabs/a", large)).AssertOk();

        // It is the user's, whatever store they have.
        using var after = await servers.DeviceAsync(user, 200, 200, "bb");
        Assert.Equal("[0,2]", (await after.GetAsync("/info/quota")).AssertOk().Text);
    }

    private static string NewUser() => $"store-user-{Interlocked.Increment(ref lastUser)}";

    private async Task<IReadOnlyList<Assignment>> FindAsync(string user) => await servers.Assignments.FindAsync(servers.User(user), CancellationToken.None);

    private async Task AssertRefusedAsync(string user, long generation, long changed, string fingerprint, string body)
    {
        var answer = await servers.AskAsync(servers.Accounts.Opaque(user, generation), TokenServers.Key(changed, fingerprint));
        Assert.Equal((401, body), (answer.Status, answer.Text));
    }

    /// <summary>Cannot close for a while.</summary>
    private sealed class AccountsThatFail(IAccountStore inner) : IAccountStore
    {
        public int Failures { get; set; }

        public ValueTask CloseAsync(long number, CancellationToken cancellationToken) =>
            Failures-- > 0 ? throw new StoreUnavailableException("As asked.") : inner.CloseAsync(number, cancellationToken);

        public ValueTask<Account?> FindAsync(string name, CancellationToken cancellationToken) => inner.FindAsync(name, cancellationToken);

        public ValueTask<IReadOnlyDictionary<string, long>> FindNumbersAsync(IReadOnlyCollection<string> names, CancellationToken cancellationToken) =>
            inner.FindNumbersAsync(names, cancellationToken);

        public ValueTask<Account?> AddAsync(string name, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
            inner.AddAsync(name, passwordHash, now, cancellationToken);

        public ValueTask<Account?> AddInvitedAsync(string name, string passwordHash, string invitation, ServerTimestamp now, CancellationToken cancellationToken) =>
            inner.AddInvitedAsync(name, passwordHash, invitation, now, cancellationToken);

        public ValueTask<Account?> ChangePasswordAsync(string name, Account? expected, string passwordHash, ServerTimestamp now, CancellationToken cancellationToken) =>
            inner.ChangePasswordAsync(name, expected, passwordHash, now, cancellationToken);

        public ValueTask<Account?> BeginDeletionAsync(string name, Account? expected, CancellationToken cancellationToken) =>
            inner.BeginDeletionAsync(name, expected, cancellationToken);

        public ValueTask<Account?> SetDisabledAsync(long number, bool isDisabled, ServerTimestamp now, CancellationToken cancellationToken) =>
            inner.SetDisabledAsync(number, isDisabled, now, cancellationToken);

        public ValueTask SuspendAsync(long number, CancellationToken cancellationToken) => inner.SuspendAsync(number, cancellationToken);

        public ValueTask ResumeAsync(long number, CancellationToken cancellationToken) => inner.ResumeAsync(number, cancellationToken);

        public ValueTask EndDeletionAsync(Account account, string principal, CancellationToken cancellationToken) =>
            inner.EndDeletionAsync(account, principal, cancellationToken);

        public ValueTask<IReadOnlyList<Account>> ListAsync(string? after, int limit, CancellationToken cancellationToken) => inner.ListAsync(after, limit, cancellationToken);

        public ValueTask<IReadOnlyList<Account>> ListBeingDeletedAsync(CancellationToken cancellationToken) => inner.ListBeingDeletedAsync(cancellationToken);
    }
}
