using Lockstep.Core.Accounts;
using Lockstep.Core.Sessions;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="ISessionStore"/> and <see cref="IAdministratorStore"/> must do. Each engine inherits it.</summary>
public abstract class SessionStoreContract
{
    private static readonly ServerTimestamp Now = new(1_000_000);

    protected abstract ISessionStore Sessions { get; }

    /// <summary>Of the same database.</summary>
    protected abstract IAdministratorStore Administrators { get; }

    /// <summary>Of the same database.</summary>
    protected abstract IAccountStore Accounts { get; }

    [Fact]
    public async Task Session_IsFoundWithItsAccount_UntilItExpires()
    {
        var session = await AddAsync(await NewAccountAsync(), created: 1);

        Assert.Equal(session, await Sessions.FindAsync(session.Digest, Now, default));
        Assert.Null(await Sessions.FindAsync(session.Digest, session.Expires, default));
        Assert.Null(await Sessions.FindAsync(NewDigest(), Now, default));
    }

    [Fact]
    public async Task Session_IsFoundWithTheAccountAsItIsNow()
    {
        var account = await NewAccountAsync();
        var session = await AddAsync(account, created: 1);

        var changed = await Accounts.ChangePasswordAsync(account.Name, account, "another hash", Now, default);

        Assert.Equal(changed, (await Sessions.FindAsync(session.Digest, Now, default))!.Account);
        Assert.Equal(session.Mark, (await Sessions.FindAsync(session.Digest, Now, default))!.Mark);
    }

    [Fact]
    public async Task Session_OfAnAccountThatIsBeingDeleted_IsNotFound()
    {
        var account = await NewAccountAsync();
        var session = await AddAsync(account, created: 1);

        await Accounts.BeginDeletionAsync(account.Name, expected: null, default);

        Assert.Null(await Sessions.FindAsync(session.Digest, Now, default));
    }

    [Fact]
    public async Task Session_OfADisabledAccount_IsNotFound_UntilItIsEnabled()
    {
        var account = await NewAccountAsync();
        var session = await AddAsync(account, created: 1);

        await Accounts.SetDisabledAsync(account.Number, isDisabled: true, Now, default);
        Assert.Null(await Sessions.FindAsync(session.Digest, Now, default));

        var enabled = await Accounts.SetDisabledAsync(account.Number, isDisabled: false, Now, default);
        Assert.Equal(enabled, (await Sessions.FindAsync(session.Digest, Now, default))!.Account);
    }

    [Fact]
    public async Task Sessions_BeyondTheMost_EndWithTheOldest_AndTheNewOneStays()
    {
        var (account, other) = (await NewAccountAsync(), await NewAccountAsync());
        var foreign = await AddAsync(other, created: 0);
        var sessions = new List<AccountSession>();
        foreach (var created in new[] { 3, 2, 1, 0 })
        {
            sessions.Add(await AddAsync(account, created, most: 2));
        }

        var found = new List<bool>();
        foreach (var session in sessions)
        {
            found.Add(await Sessions.FindAsync(session.Digest, Now, default) is not null);
        }

        // The first is the newest by its stamp, and the last was added last.
        Assert.Equal([true, false, false, true], found);
        Assert.NotNull(await Sessions.FindAsync(foreign.Digest, Now, default));
    }

    [Fact]
    public async Task Remove_EndsOne_AndRemoveAllTheOthersOfTheAccount()
    {
        var account = await NewAccountAsync();
        var (one, kept, last) = (await AddAsync(account, created: 1), await AddAsync(account, created: 2), await AddAsync(account, created: 3));
        var foreign = await AddAsync(await NewAccountAsync(), created: 1);

        await Sessions.RemoveAsync(one.Digest, default);
        await Sessions.RemoveAsync(one.Digest, default);
        await Sessions.RemoveAllAsync(account.Number, kept.Digest, default);

        Assert.Null(await Sessions.FindAsync(one.Digest, Now, default));
        Assert.NotNull(await Sessions.FindAsync(kept.Digest, Now, default));
        Assert.Null(await Sessions.FindAsync(last.Digest, Now, default));
        Assert.NotNull(await Sessions.FindAsync(foreign.Digest, Now, default));
        await Sessions.RemoveAllAsync(account.Number, except: null, default);
        Assert.Null(await Sessions.FindAsync(kept.Digest, Now, default));
    }

    [Fact]
    public async Task Purge_RemovesWhatHasExpired_AFewAtATime()
    {
        var account = await NewAccountAsync();
        var sessions = new List<AccountSession>();
        for (var i = 0; i < 3; i++)
        {
            sessions.Add(await AddAsync(account, created: i));
        }

        var lasting = await AddAsync(account, created: 9, expires: 5_000_000);
        var later = sessions[0].Expires;

        var calls = 1;
        while (await Sessions.PurgeAsync(later, limit: 2, default))
        {
            calls++;
        }

        Assert.True(calls > 1, "All were removed in one step.");
        Assert.NotNull(await Sessions.FindAsync(lasting.Digest, later, default));
        foreach (var session in sessions)
        {
            Assert.Null(await Sessions.FindAsync(session.Digest, Now, default));
        }
    }

    [Fact]
    public async Task Link_MakesAMarkedAccount_Once()
    {
        var (link, other, name) = (NewDigest(), NewDigest(), NewName());
        await Administrators.AddLinkAsync(other, Now, Now.Plus(100), most: 5, default);
        await Administrators.AddLinkAsync(link, Now, Now.Plus(100), most: 5, default);

        var made = (await Administrators.UseLinkAsync(link, name, "hash", Now, default))!;

        Assert.True(made.IsAdministrator);
        Assert.Equal(made, await Accounts.FindAsync(name, default));
        Assert.True(await Administrators.AnyAsync(default));
        Assert.Null(await Administrators.UseLinkAsync(link, NewName(), "hash", Now, default));
        Assert.False(await Administrators.HasLinkAsync(other, Now, default));
        Assert.Contains(made, await Accounts.ListAsync(after: null, 10_000, default));
        Assert.True((await Sessions.FindAsync((await AddAsync(made, created: 1)).Digest, Now, default))!.Account.IsAdministrator);
    }

    [Fact]
    public async Task Link_ThatIsOverOrUnknown_MakesNothing_AndANameThatIsTakenDoesNotUseItUp()
    {
        var (link, name) = (NewDigest(), NewName());
        await Administrators.AddLinkAsync(link, Now, Now.Plus(100), most: 5, default);

        Assert.True(await Administrators.HasLinkAsync(link, Now, default));
        Assert.False(await Administrators.HasLinkAsync(link, Now.Plus(100), default));
        Assert.Null(await Administrators.UseLinkAsync(link, name, "hash", Now.Plus(100), default));
        Assert.Null(await Administrators.UseLinkAsync(NewDigest(), name, "hash", Now, default));
        Assert.Null(await Accounts.FindAsync(name, default));

        Assert.Null(await Administrators.UseLinkAsync(link, (await NewAccountAsync()).Name, "hash", Now, default));
        Assert.NotNull(await Administrators.UseLinkAsync(link, name, "hash", Now, default));
    }

    [Fact]
    public async Task Link_UsedByManyAtOnce_MakesOneAccount()
    {
        var link = NewDigest();
        await Administrators.AddLinkAsync(link, Now, Now.Plus(100), most: 5, default);

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await Administrators.UseLinkAsync(link, NewName(), "hash", Now, default))));

        Assert.Single(made, static account => account is not null);
    }

    [Fact]
    public async Task Links_BeyondTheMost_EndWithTheOldest()
    {
        var links = new[] { NewDigest(), NewDigest(), NewDigest() };
        foreach (var (link, i) in links.Select(static (link, i) => (link, i)))
        {
            await Administrators.AddLinkAsync(link, Now.Plus(i), Now.Plus(100), most: 2, default);
        }

        Assert.Equal((false, true, true), (await IsValidAsync(links[0]), await IsValidAsync(links[1]), await IsValidAsync(links[2])));
        await Administrators.AddLinkAsync(NewDigest(), Now, Now.Plus(100), most: 1, default);
        Assert.False(await IsValidAsync(links[2]));

        ValueTask<bool> IsValidAsync(string link) => Administrators.HasLinkAsync(link, Now, default);
    }

    private static string NewDigest() => Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");

    private static string NewName() => "a" + Guid.NewGuid().ToString("N");

    private async Task<Account> NewAccountAsync() => (await Accounts.AddAsync(NewName(), "hash", new ServerTimestamp(5), default))!;

    private async Task<AccountSession> AddAsync(Account account, long created, int most = 10, long expires = 2_000_000)
    {
        var session = new AccountSession(NewDigest(), account, "mark", new ServerTimestamp(created), new ServerTimestamp(expires));
        await Sessions.AddAsync(session, most, default);
        return session;
    }
}
