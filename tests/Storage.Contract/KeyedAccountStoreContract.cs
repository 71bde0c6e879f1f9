using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.KeyedAccounts;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IKeyedAccountStore"/> must do. Each engine inherits it.</summary>
public abstract class KeyedAccountStoreContract
{
    private const int Racers = 16;
    private static readonly ServerTimestamp Now = new(1_000);

    private static readonly AccountTokenLimits Roomy = new(100, 100, 100, 100);
    private static readonly AccountTokenKind[] AllKinds = Enum.GetValues<AccountTokenKind>();

    private IKeyedAccountStore Store => With(Roomy);

    /// <summary>One over the database, with limits of its own.</summary>
    protected abstract IKeyedAccountStore With(AccountTokenLimits limits);

    /// <summary>Of the same database.</summary>
    protected abstract IAccountStore Accounts { get; }

    /// <summary>Of the same database.</summary>
    protected abstract IAssignmentStore Assignments { get; }

    [Fact]
    public async Task Add_IsFoundByNameUidAndNumber_AsItWasGiven()
    {
        var account = NewAccount() with
        {
            IsEmailVerified = true, ClientSalt = "salt", TotpSecret = "totp", IsTotpOn = true, TotpStep = 5_000_000_000, RecoveryCodes = "a b", RecoveryKey = "key", RecoveryData = "data", RecoverySince = 7,
        };

        var made = (await Store.AddAsync(account, [], invitation: null, default))!;

        Assert.True(made.Account.Number > 0);
        Assert.Equal(account with { Account = made.Account }, made);
        Assert.Equal((account.Account.Name, account.Account.PasswordHash, account.Created), (made.Account.Name, made.Account.PasswordHash, made.Account.Since));
        Assert.Equal(made, await Store.FindAsync(account.Account.Name, default));
        Assert.Equal(made, await Store.FindByUidAsync(account.Uid, default));
        Assert.Equal(made, await Store.FindByNumberAsync(made.Account.Number, default));
        Assert.Equal(made.Account, await Accounts.FindAsync(account.Account.Name, default));
        Assert.Null(await Store.FindAsync(account.Account.Name.ToUpperInvariant(), default));
    }

    [Fact]
    public async Task Add_OfATakenName_IsRefused_WithItsTokens()
    {
        var account = NewAccount();
        await Accounts.AddAsync(account.Account.Name, "hash", Now, default);
        var token = NewToken(AccountTokenKind.Session);

        Assert.Null(await Store.AddAsync(account, [token], invitation: null, default));

        Assert.Null(await Store.FindAsync(account.Account.Name, default));
        Assert.Null(await Store.FindTokenAsync(token.Digest, Now, default));
    }

    [Fact]
    public async Task Add_ByManyAtOnce_MakesOne()
    {
        var account = NewAccount();

        var made = await Task.WhenAll(Enumerable.Range(0, Racers).Select(i => Task.Run(async () => await Store.AddAsync(account with { Uid = NewUid() }, [], invitation: null, default))));

        Assert.Equal(await Store.FindAsync(account.Account.Name, default), Assert.Single(made, static one => one is not null));
    }

    [Fact]
    public async Task Token_IsFoundAsItWasGiven_UntilItIsOver()
    {
        var token = NewToken(AccountTokenKind.Refresh) with { Client = "client", Scope = "a b", Sealed = "sealed", Data = "data" };
        var account = (await Store.AddAsync(NewAccount(), [token], invitation: null, default))!;

        var found = await Store.FindTokenAsync(token.Digest, token.Expires.Plus(-1), default);

        Assert.Equal(new FoundToken(token with { Account = account.Account.Number }, account), found);
        Assert.Null(await Store.FindTokenAsync(token.Digest, token.Expires, default));
        Assert.Equal([found!.Token], await Store.ListTokensAsync(account.Account.Number, AllKinds, Now, default));
        await Store.TouchTokenAsync(token.Digest, Now.Plus(5), token.Expires.Plus(10), default);
        Assert.Equal((Now.Plus(5), token.Expires.Plus(10)), ((await Store.FindTokenAsync(token.Digest, token.Expires, default))!.Token.Used, (await Store.FindTokenAsync(token.Digest, Now, default))!.Token.Expires));
    }

    [Fact]
    public async Task AddTokens_ToAnAccountWithAnotherHash_OrThatIsBeingDeleted_IsRefused()
    {
        var account = (await Store.AddAsync(NewAccount(), [], invitation: null, default))!;
        var token = NewToken(AccountTokenKind.Session) with { Account = account.Account.Number };

        Assert.False(await Store.AddTokensAsync(account with { Account = account.Account with { PasswordHash = "other" } }, [token], null, default));
        Assert.True(await Store.AddTokensAsync(account, [token], null, default));
        await Accounts.BeginDeletionAsync(account.Account.Name, null, default);
        Assert.False(await Store.AddTokensAsync(account, [NewToken(AccountTokenKind.Session)], null, default));

        Assert.Null(await Store.FindTokenAsync(token.Digest, Now, default));
        Assert.Null(await Store.FindAsync(account.Account.Name, default));
        Assert.NotNull(await Store.FindByNumberAsync(account.Account.Number, default));
    }

    [Fact]
    public async Task TakenToken_IsTakenOnce_HoweverManyTry_AndItsDeviceMoves()
    {
        var code = NewToken(AccountTokenKind.Refresh);
        var account = (await Store.AddAsync(NewAccount(), [code], invitation: null, default))!;
        var device = new AccountDevice(NewUid(), account.Account.Number, code.Digest, "data", Now);
        Assert.True(await Store.PutDeviceAsync(device, default));
        var tokens = Enumerable.Range(0, Racers).Select(_ => NewToken(AccountTokenKind.Refresh) with { Account = account.Account.Number }).ToList();

        var taken = await Task.WhenAll(tokens.Select(token => Task.Run(async () => await Store.AddTokensAsync(account, [token], code.Digest, default))));

        var winner = tokens[Array.IndexOf(taken, true)];
        Assert.Single(taken, static one => one);
        Assert.Equal([winner.Digest], (await Store.ListTokensAsync(account.Account.Number, AllKinds, Now, default)).Select(static token => token.Digest));
        Assert.Equal([device with { Token = winner.Digest }], await Store.ListDevicesAsync(account.Account.Number, default));
    }

    [Fact]
    public async Task RemovedToken_TakesWhatCameFromIt_ItsDeviceAndItsCommands_AndNothingElse()
    {
        var (session, other) = (NewToken(AccountTokenKind.Session), NewToken(AccountTokenKind.Session));
        var account = (await Store.AddAsync(NewAccount(), [session, other], invitation: null, default))!;
        var number = account.Account.Number;
        var access = NewToken(AccountTokenKind.Access) with { Parent = session.Digest };
        Assert.True(await Store.AddTokensAsync(account, [access], null, default));
        var (first, second) = (new AccountDevice(NewUid(), number, session.Digest, "1", Now), new AccountDevice(NewUid(), number, other.Digest, "2", Now.Plus(1)));
        Assert.True(await Store.PutDeviceAsync(first, default) && await Store.PutDeviceAsync(second, default));
        Assert.True(await Store.AddCommandAsync(number, first.Id, "c", 10, 1000, Now.Plus(100), default) && await Store.AddCommandAsync(number, second.Id, "d", 10, 1000, Now.Plus(100), default));

        Assert.True(await Store.RemoveTokenAsync(number, session.Digest, default));
        Assert.False(await Store.RemoveTokenAsync(number, session.Digest, default));

        Assert.Null(await Store.FindTokenAsync(access.Digest, Now, default));
        Assert.Equal([second], await Store.ListDevicesAsync(number, default));
        Assert.Empty(await Store.ListCommandsAsync(first.Id, 0, 10, Now, default));
        Assert.Single(await Store.ListCommandsAsync(second.Id, 0, 10, Now, default));
        Assert.False(await Store.AddTokensAsync(account, [NewToken(AccountTokenKind.Access) with { Parent = session.Digest }], null, default));
        Assert.False(await Store.PutDeviceAsync(first, default));
    }

    [Fact]
    public async Task Token_WhoseParentIsOver_IsOverToo()
    {
        var parent = NewToken(AccountTokenKind.Session) with { Expires = Now.Plus(10) };
        var account = (await Store.AddAsync(NewAccount(), [parent], invitation: null, default))!;
        var child = NewToken(AccountTokenKind.Access) with { Parent = parent.Digest, Expires = Now.Plus(100) };
        await Store.AddTokensAsync(account, [child], null, default);

        Assert.NotNull(await Store.FindTokenAsync(child.Digest, Now.Plus(9), default));
        Assert.Null(await Store.FindTokenAsync(child.Digest, Now.Plus(10), default));
        while (await Store.PurgeTokensAsync(Now.Plus(10), 100, default))
        {
        }

        Assert.Empty(await Store.ListTokensAsync(account.Account.Number, AllKinds, Now, default));
    }

    [Fact]
    public async Task ChangeToken_IsDoneOnlyAsItWasRead()
    {
        var token = NewToken(AccountTokenKind.ResetCode) with { Data = "0" };
        var account = (await Store.AddAsync(NewAccount(), [token], invitation: null, default))!;
        var read = (await Store.FindTokenAsync(token.Digest, Now, default))!.Token;

        var changed = await Task.WhenAll(Enumerable.Range(0, Racers).Select(_ => Task.Run(async () => await Store.ChangeTokenAsync(read, "1", default))));

        Assert.Single(changed, static one => one);
        Assert.Equal("1", Assert.Single(await Store.ListTokensAsync(account.Account.Number, AllKinds, Now, default)).Data);
    }

    [Fact]
    public async Task ChangeTokens_AreAllDone_OnlyAsAllWereRead()
    {
        var tokens = Enumerable.Range(0, 3).Select(static _ => NewToken(AccountTokenKind.ResetCode) with { Data = "0" }).ToList();
        var account = (await Store.AddAsync(NewAccount(), tokens, invitation: null, default))!;
        var number = account.Account.Number;
        var read = await Store.ListTokensAsync(number, AllKinds, Now, default);

        var changed = await Task.WhenAll(Enumerable.Range(0, Racers).Select(racer => Task.Run(async () =>
            await Store.ChangeTokensAsync([.. (racer % 2 == 0 ? read : read.Reverse()).Select(static token => (token, "1"))], default))));

        Assert.Single(changed, static one => one);
        Assert.All(await Store.ListTokensAsync(number, AllKinds, Now, default), static token => Assert.Equal("1", token.Data));
        var current = read.Select(static token => token with { Data = "1" }).ToList();
        Assert.False(await Store.ChangeTokensAsync([(current[0], "2"), (read[1], "2"), (current[2], "2")], default));
        Assert.True(await Store.RemoveTokenAsync(number, current[2].Digest, default));
        Assert.False(await Store.ChangeTokensAsync([.. current.Select(static token => (token, "2"))], default));
        Assert.False(await Store.ChangeTokensAsync([(NewToken(AccountTokenKind.ResetCode), "2")], default));
        Assert.All(await Store.ListTokensAsync(number, AllKinds, Now, default), static token => Assert.Equal("1", token.Data));
        Assert.True(await Store.ChangeTokensAsync([(current[0], "2"), (current[1], "3")], default));
        Assert.Equal(["2", "3"], (await Store.ListTokensAsync(number, AllKinds, Now, default)).Select(static token => token.Data).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Change_ByManyAtOnce_IsDoneOnce_WithAllThatGoesWithIt()
    {
        var (session, password) = (NewToken(AccountTokenKind.Session), NewToken(AccountTokenKind.AppPassword));
        var account = (await Store.AddAsync(NewAccount(), [session, password], invitation: null, default))!;
        var number = account.Account.Number;
        await Store.PutDeviceAsync(new AccountDevice(NewUid(), number, session.Digest, "1", Now), default);
        var user = new UserIdentity(UserIdentity.Local, account.Uid);
        var store = (await Assignments.GiveAsync(user, null, new UserKeys(account.Generation, "aa", 5), 0, null, Now, default))!;
        var tries = Enumerable.Range(1, Racers).Select(i => (
            Next: account with { Account = account.Account with { PasswordHash = $"hash {i}", Modified = Now.Plus(i) }, Generation = account.Generation + (10 * i), WrappedKey = $"wrapped {i}" },
            Token: NewToken(AccountTokenKind.Session))).ToList();

        var changed = await Task.WhenAll(tries.Select(one => Task.Run(async () => await Store.ChangeAsync(
            account, one.Next, new AccountSweep { Ended = [AccountTokenKind.Session], Stores = user, Added = [one.Token] }, default))));

        var winner = Assert.Single(changed, static one => one is not null)!;
        var token = tries[Array.IndexOf(changed, winner)].Token;
        Assert.Equal(account.Revision + 1, winner.Revision);
        Assert.Equal(winner, await Store.FindAsync(account.Account.Name, default));
        Assert.Equal(new[] { token.Digest, password.Digest }.Order(StringComparer.Ordinal), (await Store.ListTokensAsync(number, AllKinds, Now, default)).Select(static one => one.Digest).Order(StringComparer.Ordinal));
        Assert.Empty(await Store.ListDevicesAsync(number, default));
        Assert.Equal(winner.Generation - 1, (await Assignments.FindAsync(user, default))[0].Keys.Generation);
        Assert.Equal(store.Number, (await Assignments.FindAsync(user, default))[0].Number);
        Assert.False(await Store.AddTokensAsync(account, [NewToken(AccountTokenKind.Session)], null, default));
        Assert.True(winner.Account.Modified > account.Account.Modified);
    }

    [Fact]
    public async Task Change_OfAnAccountThatIsBeingDeleted_IsRefused_AndOfAUserWhoIsRetired_RaisesNothing()
    {
        var account = (await Store.AddAsync(NewAccount(), [], invitation: null, default))!;
        var user = new UserIdentity(UserIdentity.Local, account.Uid);
        var store = (await Assignments.GiveAsync(user, null, new UserKeys(1, "aa", 5), 0, null, Now, default))!;
        Assert.True(await Assignments.EndAsync(store, retire: true, Now, default));
        var changed = await Store.ChangeAsync(account, account with { Generation = 50 }, new AccountSweep { Stores = user }, default);
        Assert.Equal(50, changed!.Generation);
        Assert.True((await Assignments.FindAsync(user, default))[0].IsRetired);
        await Accounts.BeginDeletionAsync(account.Account.Name, null, default);

        Assert.Null(await Store.ChangeAsync(changed, changed with { Generation = 60 }, AccountSweep.None, default));
    }

    [Fact]
    public async Task Device_IsOneForEachToken_AndNoOtherAccounts()
    {
        var (one, two) = (NewToken(AccountTokenKind.Session), NewToken(AccountTokenKind.Session));
        var account = (await Store.AddAsync(NewAccount(), [one, two], invitation: null, default))!;
        var stranger = NewToken(AccountTokenKind.Session);
        var other = (await Store.AddAsync(NewAccount(), [stranger], invitation: null, default))!;
        var device = new AccountDevice(NewUid(), account.Account.Number, one.Digest, "1", Now);
        Assert.True(await Store.PutDeviceAsync(device, default));
        Assert.True(await Store.PutDeviceAsync(device with { Data = "2", Created = Now.Plus(9) }, default));
        Assert.Equal([device with { Data = "2" }], await Store.ListDevicesAsync(account.Account.Number, default));

        Assert.False(await Store.PutDeviceAsync(device with { Account = other.Account.Number, Token = stranger.Digest }, default));
        Assert.False(await Store.PutDeviceAsync(device with { Token = stranger.Digest }, default));
        Assert.True(await Store.PutDeviceAsync(device with { Token = two.Digest, Data = "2" }, default));
        var next = device with { Id = NewUid(), Token = two.Digest };
        Assert.True(await Store.PutDeviceAsync(next, default));

        Assert.Equal([next], await Store.ListDevicesAsync(account.Account.Number, default));
        Assert.False(await Store.AddCommandAsync(other.Account.Number, next.Id, "c", 10, 1000, Now.Plus(1), default));
    }

    [Fact]
    public async Task Commands_AreReadInOrder_OnceThey_AreMoreThanMay_TheOldestGo()
    {
        var session = NewToken(AccountTokenKind.Session);
        var account = (await Store.AddAsync(NewAccount(), [session], invitation: null, default))!;
        var device = new AccountDevice(NewUid(), account.Account.Number, session.Digest, "1", Now);
        await Store.PutDeviceAsync(device, default);
        for (var i = 0; i < 5; i++)
        {
            Assert.True(await Store.AddCommandAsync(account.Account.Number, device.Id, $"{i}", most: 3, mostBytes: 1000, Now.Plus(i == 4 ? 5 : 100), default));
        }

        var all = await Store.ListCommandsAsync(device.Id, 0, 10, Now, default);

        Assert.Equal(["2", "3", "4"], all.Select(static command => command.Data));
        Assert.Equal(["3"], (await Store.ListCommandsAsync(device.Id, all[1].Number, 1, Now, default)).Select(static command => command.Data));
        Assert.Equal(["2", "3"], (await Store.ListCommandsAsync(device.Id, 0, 10, Now.Plus(5), default)).Select(static command => command.Data));
    }

    [Fact]
    public async Task Commands_OfAllDevices_ThatAreMoreBytesThanMay_TheOldestGo()
    {
        var (one, two) = (NewToken(AccountTokenKind.Session), NewToken(AccountTokenKind.Session));
        var account = (await Store.AddAsync(NewAccount(), [one, two], invitation: null, default))!;
        var number = account.Account.Number;
        var devices = new[] { one, two }.Select(token => new AccountDevice(NewUid(), number, token.Digest, "1", Now)).ToList();
        foreach (var device in devices)
        {
            await Store.PutDeviceAsync(device, default);
        }

        // Two bytes each.
        foreach (var (device, data) in new[] { (0, "\u00e4"), (1, "\u00f6"), (0, "\u00fc"), (1, "\u00df") })
        {
            Assert.True(await Store.AddCommandAsync(number, devices[device].Id, data, most: 10, mostBytes: 6, Now.Plus(100), default));
        }

        Assert.Equal(["\u00fc"], (await Store.ListCommandsAsync(devices[0].Id, 0, 10, Now, default)).Select(static command => command.Data));
        Assert.Equal(["\u00f6", "\u00df"], (await Store.ListCommandsAsync(devices[1].Id, 0, 10, Now, default)).Select(static command => command.Data));
    }

    [Fact]
    public async Task Family_EndsAsOne_WithItsDevices_AndNothingElseDoes()
    {
        var first = NewToken(AccountTokenKind.Session);
        var (second, refresh) = (NewToken(AccountTokenKind.Session) with { Family = first.Digest }, NewToken(AccountTokenKind.Refresh) with { Family = first.Digest });
        var (other, password) = (NewToken(AccountTokenKind.Session), NewToken(AccountTokenKind.AppPassword) with { Family = first.Digest });
        var account = (await Store.AddAsync(NewAccount(), [first, second, refresh, other, password], invitation: null, default))!;
        var number = account.Account.Number;
        await Store.AddTokensAsync(account, [NewToken(AccountTokenKind.Access) with { Parent = refresh.Digest }], null, default);
        await Store.PutDeviceAsync(new AccountDevice(NewUid(), number, refresh.Digest, "1", Now), default);
        Assert.Equal(first.Digest, (await Store.FindTokenAsync(refresh.Digest, Now, default))!.Token.Family);
        var stranger = (await Store.AddAsync(NewAccount(), [], invitation: null, default))!;

        Assert.False(await Store.RemoveFamilyAsync(stranger.Account.Number, first.Digest, default));
        Assert.False(await Store.RemoveFamilyAsync(number, password.Digest, default));
        Assert.True(await Store.RemoveFamilyAsync(number, refresh.Digest, default));
        Assert.False(await Store.RemoveFamilyAsync(number, first.Digest, default));

        Assert.Equal(
            new[] { other.Digest, password.Digest }.Order(StringComparer.Ordinal), (await Store.ListTokensAsync(number, AllKinds, Now, default)).Select(static token => token.Digest).Order(StringComparer.Ordinal));
        Assert.Empty(await Store.ListDevicesAsync(number, default));
        Assert.True(await Store.RemoveFamilyAsync(number, other.Digest, default));
    }

    [Fact]
    public async Task Tokens_ThatAreMoreThanMay_GoUnusedFirst_WithWhatCameFromThem()
    {
        var store = With(new AccountTokenLimits(Sessions: 2, RefreshTokens: 1, AccessTokens: 100, Others: 1));
        var (used, unused) = (NewToken(AccountTokenKind.Session), NewToken(AccountTokenKind.Session) with { Created = Now.Plus(1), Used = Now.Plus(1) });
        var passwords = new[] { NewToken(AccountTokenKind.AppPassword), NewToken(AccountTokenKind.AppPassword) };
        var account = (await store.AddAsync(NewAccount(), [used, unused, .. passwords], invitation: null, default))!;
        var number = account.Account.Number;
        await store.TouchTokenAsync(used.Digest, Now.Plus(1), used.Expires, default);
        Assert.True(await store.AddTokensAsync(account, [NewToken(AccountTokenKind.Access) with { Parent = unused.Digest }], null, default));
        await store.PutDeviceAsync(new AccountDevice(NewUid(), number, unused.Digest, "1", Now), default);

        // What is not added makes no room.
        Assert.False(await store.AddTokensAsync(account with { Account = account.Account with { PasswordHash = "other" } }, [NewToken(AccountTokenKind.Session)], null, default));
        Assert.Equal(5, (await store.ListTokensAsync(number, AllKinds, Now, default)).Count);

        // What is added stays, however old it says it is.
        var added = NewToken(AccountTokenKind.Session) with { Created = Now.Plus(-5), Used = Now.Plus(-5) };
        Assert.True(await store.AddTokensAsync(account, [added], null, default));

        Assert.Equal([added.Digest, used.Digest], (await store.ListTokensAsync(number, [AccountTokenKind.Session], Now, default)).Select(static token => token.Digest));
        Assert.Empty(await store.ListTokensAsync(number, [AccountTokenKind.Access], Now, default));
        Assert.Empty(await store.ListDevicesAsync(number, default));
        Assert.Equal(2, (await store.ListTokensAsync(number, [AccountTokenKind.AppPassword], Now, default)).Count);
        await store.AddTokensAsync(account, [NewToken(AccountTokenKind.ResetLink)], null, default);
        await store.AddTokensAsync(account, [NewToken(AccountTokenKind.Code) with { Parent = used.Digest }], null, default);
        Assert.True(await store.AddTokensAsync(account, [NewToken(AccountTokenKind.Code) with { Parent = used.Digest }], null, default));
        Assert.Equal([AccountTokenKind.Code, AccountTokenKind.ResetLink], (await store.ListTokensAsync(number, [AccountTokenKind.Code, AccountTokenKind.ResetLink], Now, default)).Select(static token => token.Kind).Order().Reverse());
    }

    [Fact]
    public async Task Tokens_ThatAreMoreThanMay_GoOfTheClientThatHasMost()
    {
        var store = With(new AccountTokenLimits(Sessions: 100, RefreshTokens: 100, AccessTokens: 5, Others: 100));
        var parent = NewToken(AccountTokenKind.Session);
        var account = (await store.AddAsync(NewAccount(), [parent], invitation: null, default))!;
        var firefox = new[] { Access("firefox", 0), Access("firefox", 1) };
        Assert.True(await store.AddTokensAsync(account, firefox, null, default));
        for (var i = 2; i < 10; i++)
        {
            Assert.True(await store.AddTokensAsync(account, [Access("application", i)], null, default));
        }

        Assert.Equal(["firefox 0", "firefox 1", "application 7", "application 8", "application 9"], await LeftAsync());

        // Of clients that have as many, what was not used for longest goes.
        Assert.True(await store.AddTokensAsync(account, [Access("firefox", 10)], null, default));
        Assert.True(await store.AddTokensAsync(account, [Access("firefox", 11)], null, default));
        Assert.True(await store.AddTokensAsync(account, [Access("third", 12)], null, default));

        Assert.Equal(["application 8", "application 9", "firefox 10", "firefox 11", "third 12"], await LeftAsync());

        AccountToken Access(string client, int at) =>
            NewToken(AccountTokenKind.Access) with { Client = client, Parent = parent.Digest, Data = $"{client} {at}", Created = Now.Plus(at), Used = Now.Plus(at) };

        async Task<IEnumerable<string>> LeftAsync() => (await store.ListTokensAsync(account.Account.Number, [AccountTokenKind.Access], Now, default)).Select(static token => token.Data);
    }

    [Fact]
    public async Task Remove_LeavesTheAccount_AndNothingElseOfIt()
    {
        var session = NewToken(AccountTokenKind.Session);
        var account = (await Store.AddAsync(NewAccount(), [session], invitation: null, default))!;
        await Store.PutDeviceAsync(new AccountDevice(NewUid(), account.Account.Number, session.Digest, "1", Now), default);

        await Store.RemoveAsync(account.Account.Number, default);
        await Store.RemoveAsync(account.Account.Number, default);

        Assert.Null(await Store.FindByNumberAsync(account.Account.Number, default));
        Assert.Null(await Store.FindTokenAsync(session.Digest, Now, default));
        Assert.Empty(await Store.ListDevicesAsync(account.Account.Number, default));
        Assert.NotNull(await Accounts.FindAsync(account.Account.Name, default));
        Assert.False(await Store.AddTokensAsync(account, [session], null, default));
    }

    [Fact]
    public async Task ServerKeys_AreMadeByOne_WhereManyFindThemOld()
    {
        var known = await Store.ListServerKeysAsync(default);
        var newest = known.Count > 0 ? known[0].Id : null;
        var now = new ServerTimestamp(DateTimeOffset.UnixEpoch.AddYears(60).ToUnixTimeMilliseconds());

        var added = await Task.WhenAll(Enumerable.Range(0, Racers).Select(i => Task.Run(async () => await Store.AddServerKeyAsync(new ServerKey(NewUid(), now.Plus(i), "sealed"), newest, default))));

        Assert.Single(added, static one => one);
        var first = (await Store.ListServerKeysAsync(default))[0];
        var next = new ServerKey(NewUid(), now.Plus(1_000), "next");
        Assert.True(await Store.AddServerKeyAsync(next, first.Id, default));
        Assert.Equal([next, first], (await Store.ListServerKeysAsync(default)).Take(2));
        foreach (var old in (await Store.ListServerKeysAsync(default)).Skip(1))
        {
            await Store.RemoveServerKeyAsync(old.Id, default);
            await Store.RemoveServerKeyAsync(old.Id, default);
        }

        Assert.Equal([next], await Store.ListServerKeysAsync(default));
    }

    [Fact]
    public async Task Add_WithAnInvitation_SpendsIt_AndNotWhereTheNameIsTaken()
    {
        var invitation = new Invitation(NewUid(), "note", QuotaBytes: 5, Now.Plus(1), User: null);
        await Assignments.AddInvitationAsync(invitation, default);
        var (account, taken, late) = (NewAccount(), NewAccount(), NewAccount());
        await Accounts.AddAsync(taken.Account.Name, "hash", Now, default);

        Assert.Null(await Store.AddAsync(taken, [], invitation.Digest, default));
        Assert.Null(await Store.AddAsync(late with { Created = Now.Plus(1) }, [], invitation.Digest, default));
        Assert.Equal(invitation, await Assignments.FindInvitationAsync(invitation.Digest, default));
        var made = (await Store.AddAsync(account, [NewToken(AccountTokenKind.Session)], invitation.Digest, default))!;

        Assert.True((await Assignments.FindInvitationAsync(invitation.Digest, default))!.IsOf(made.Account));
        Assert.Null(await Store.AddAsync(late, [], invitation.Digest, default));
        Assert.Null(await Store.AddAsync(late, [], "no invitation", default));
        Assert.Null(await Accounts.FindAsync(late.Account.Name, default));
    }

    private static string NewUid() => Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Tokens_OfADisabledAccount_AreNotFound_NorGivenOut_UntilItIsEnabled()
    {
        var token = NewToken(AccountTokenKind.Session);
        var account = (await Store.AddAsync(NewAccount(), [token], invitation: null, default))!;
        var another = NewToken(AccountTokenKind.Session) with { Account = account.Account.Number };

        await Accounts.SetDisabledAsync(account.Account.Number, isDisabled: true, Now, default);

        Assert.Null(await Store.FindTokenAsync(token.Digest, Now, default));
        Assert.False(await Store.AddTokensAsync(account, [another], null, default));
        Assert.True((await Store.FindAsync(account.Account.Name, default))!.Account.IsDisabled);
        Assert.True((await Store.FindByUidAsync(account.Uid, default))!.Account.IsDisabled);

        await Accounts.SetDisabledAsync(account.Account.Number, isDisabled: false, Now, default);

        Assert.False((await Store.FindTokenAsync(token.Digest, Now, default))!.Account.Account.IsDisabled);
        Assert.True(await Store.AddTokensAsync(account, [another], null, default));
    }

    private static KeyedAccount NewAccount() => NewUid() is var uid
        ? new KeyedAccount(new Account(0, $"{uid}@example.org", "hash", Now, IsBeingDeleted: false), uid, $"{uid}@Example.org")
        {
            WrappedKey = "wrapped", Generation = 10, KeysChangedAt = 5, Created = Now,
        }
        : throw new InvalidOperationException();

    private static AccountToken NewToken(AccountTokenKind kind) => new(NewUid() + NewUid(), kind, 0) { Created = Now, Expires = Now.Plus(1_000), Used = Now };
}
