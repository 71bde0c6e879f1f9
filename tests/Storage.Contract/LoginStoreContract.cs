using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Logins;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="ILoginStore"/> must do. Each engine inherits it.</summary>
public abstract class LoginStoreContract
{
    protected abstract ILoginStore Logins { get; }

    /// <summary>Of the same database.</summary>
    protected abstract IAccountStore Accounts { get; }

    /// <summary>Of the same database.</summary>
    protected abstract IAssignmentStore Assignments { get; }

    [Fact]
    public async Task Add_MakesAnAccountWithoutAPassword_AndItsLogin()
    {
        var login = NewLogin() with { Email = "Somebody@example.org", QuotaBytes = 5000, ResetDigest = "digest", ResetExpires = new ServerTimestamp(77) };

        var added = (await Logins.AddAsync(login, invitation: null, new ServerTimestamp(5), default))!;

        Assert.Equal(login with { Account = added.Account }, added);
        Assert.Equal((login.Account.Name, PasswordHash.None, new ServerTimestamp(5)), (added.Account.Name, added.Account.PasswordHash, added.Account.Since));
        Assert.Equal(added, await Logins.FindAsync(login.Name, default));
        Assert.Equal(added, await Logins.FindByNumberAsync(added.Account.Number, default));
        Assert.Equal(added.Account, await Accounts.FindAsync(login.Account.Name, default));
        Assert.Null(await Logins.FindAsync(login.Account.Name, default));
        Assert.Null(await Logins.FindAsync(login.Name.ToUpperInvariant(), default));
    }

    [Fact]
    public async Task Login_TellsWhetherItsAccountIsDisabled()
    {
        var login = (await Logins.AddAsync(NewLogin(), invitation: null, new ServerTimestamp(5), default))!;

        await Accounts.SetDisabledAsync(login.Account.Number, isDisabled: true, new ServerTimestamp(6), default);

        Assert.False(login.Account.IsDisabled);
        Assert.True((await Logins.FindAsync(login.Name, default))!.Account.IsDisabled);
        Assert.True((await Logins.FindByNumberAsync(login.Account.Number, default))!.Account.IsDisabled);
    }

    [Fact]
    public async Task Add_OfANameThatIsTaken_IsRefused_AndMakesNothing()
    {
        var login = NewLogin();
        var other = NewLogin();
        var added = await Logins.AddAsync(login, invitation: null, new ServerTimestamp(5), default);
        await Accounts.AddAsync(other.Account.Name, "hash", new ServerTimestamp(5), default);

        Assert.Null(await Logins.AddAsync(other with { Name = login.Name, Account = NewLogin().Account }, invitation: null, new ServerTimestamp(6), default));
        Assert.Null(await Logins.AddAsync(other, invitation: null, new ServerTimestamp(6), default));

        Assert.Equal(added, await Logins.FindAsync(login.Name, default));
        Assert.Null(await Logins.FindAsync(other.Name, default));
    }

    [Fact]
    public async Task Add_OfOneNameByManyAtOnce_OneGetsIt()
    {
        var name = NewLogin().Name;

        var added = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () => await Logins.AddAsync(NewLogin() with { Name = name }, invitation: null, new ServerTimestamp(5), default))));

        Assert.Single(added, login => login is not null);
    }

    [Fact]
    public async Task Change_OfWhatWasRead_IsDoneOnce_AndTouchesNothingOfTheAccount()
    {
        var read = (await Logins.AddAsync(NewLogin(), invitation: null, new ServerTimestamp(5), default))!;
        var next = read with { PasswordHash = "another hash", Email = "new@example.org", QuotaBytes = null, ResetDigest = "digest", ResetExpires = new ServerTimestamp(9) };

        var changed = (await Logins.ChangeAsync(read, next, default))!;

        Assert.Equal(next with { Revision = changed.Revision }, changed);
        Assert.True(changed.Revision > read.Revision);
        Assert.Equal(changed, await Logins.FindAsync(read.Name, default));
        Assert.Equal(read.Account, await Accounts.FindAsync(read.Account.Name, default));
        Assert.Null(await Logins.ChangeAsync(read, next with { PasswordHash = "a third hash" }, default));
        Assert.Equal("another hash", (await Logins.FindAsync(read.Name, default))!.PasswordHash);
    }

    [Fact]
    public async Task Change_ByManyAtOnce_OneIsDone()
    {
        var read = (await Logins.AddAsync(NewLogin(), invitation: null, new ServerTimestamp(5), default))!;

        var changed = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () => await Logins.ChangeAsync(read, read with { PasswordHash = $"hash{i}" }, default))));

        Assert.Single(changed, login => login is not null);
    }

    [Fact]
    public async Task Account_WhosePasswordIsChanged_LeavesTheLoginAsItIs()
    {
        var read = (await Logins.AddAsync(NewLogin(), invitation: null, new ServerTimestamp(5), default))!;

        await Accounts.ChangePasswordAsync(read.Account.Name, expected: null, "hash", new ServerTimestamp(9), default);

        Assert.Equal((read.PasswordHash, read.Revision), ((await Logins.FindAsync(read.Name, default))!.PasswordHash, (await Logins.FindAsync(read.Name, default))!.Revision));
    }

    [Fact]
    public async Task Login_OfAnAccountThatGoes_IsNotFoundByItsName_AndNotChanged()
    {
        var read = (await Logins.AddAsync(NewLogin(), invitation: null, new ServerTimestamp(5), default))!;
        await Accounts.BeginDeletionAsync(read.Account.Name, read.Account, default);

        Assert.Null(await Logins.FindAsync(read.Name, default));
        Assert.Null(await Logins.ChangeAsync(read, read with { PasswordHash = "another hash" }, default));
        Assert.Equal(read.Name, (await Logins.FindByNumberAsync(read.Account.Number, default))!.Name);
        Assert.Null(await Logins.AddAsync(NewLogin() with { Name = read.Name }, invitation: null, new ServerTimestamp(6), default));

        await Logins.RemoveAsync(read.Account.Number, default);
        await Logins.RemoveAsync(read.Account.Number, default);
        Assert.Null(await Logins.FindByNumberAsync(read.Account.Number, default));
        Assert.NotNull(await Logins.AddAsync(NewLogin() with { Name = read.Name }, invitation: null, new ServerTimestamp(6), default));
    }

    [Fact]
    public async Task Add_WithAnInvitation_SpendsIt_ForThatAccountAlone()
    {
        var invitation = new Invitation(Guid.NewGuid().ToString("N"), "note", QuotaBytes: 5, new ServerTimestamp(100), User: null);
        await Assignments.AddInvitationAsync(invitation, default);
        var taken = (await Logins.AddAsync(NewLogin(), invitation: null, new ServerTimestamp(5), default))!;

        Assert.Null(await Logins.AddAsync(NewLogin() with { Name = taken.Name }, invitation.Digest, new ServerTimestamp(6), default));
        Assert.Null(await Logins.AddAsync(NewLogin() with { Account = taken.Account }, invitation.Digest, new ServerTimestamp(6), default));
        Assert.Null(await Logins.AddAsync(NewLogin(), invitation.Digest, new ServerTimestamp(100), default));
        Assert.Equal(invitation, await Assignments.FindInvitationAsync(invitation.Digest, default));

        var made = (await Logins.AddAsync(NewLogin(), invitation.Digest, new ServerTimestamp(99), default))!;

        var spent = (await Assignments.FindInvitationAsync(invitation.Digest, default))!;
        Assert.Equal((true, false, false), (spent.IsOf(made.Account), spent.IsOf(taken.Account), spent.IsFree(new ServerTimestamp(6))));
        var late = NewLogin();
        Assert.Null(await Logins.AddAsync(late, invitation.Digest, new ServerTimestamp(6), default));
        Assert.Null(await Logins.AddAsync(late, "no invitation", new ServerTimestamp(6), default));
        Assert.Null(await Accounts.FindAsync(late.Account.Name, default));
        Assert.Null(await Assignments.FindInvitationAsync("no invitation", default));
    }

    [Fact]
    public async Task Add_WithOneInvitationByManyAtOnce_OneGetsIn()
    {
        var invitation = new Invitation(Guid.NewGuid().ToString("N"), "", QuotaBytes: null, new ServerTimestamp(100), User: null);
        await Assignments.AddInvitationAsync(invitation, default);

        var added = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () => await Logins.AddAsync(NewLogin(), invitation.Digest, new ServerTimestamp(5), default))));

        var made = Assert.Single(added, login => login is not null)!;
        Assert.True((await Assignments.FindInvitationAsync(invitation.Digest, default))!.IsOf(made.Account));
    }

    [Fact]
    public async Task Login_WhoseAccountIsGone_KeepsNobodyFromItsName()
    {
        var read = (await Logins.AddAsync(NewLogin(), invitation: null, new ServerTimestamp(5), default))!;
        await Accounts.BeginDeletionAsync(read.Account.Name, read.Account, default);
        await Accounts.EndDeletionAsync(read.Account, "principal", default);

        Assert.Null(await Logins.FindAsync(read.Name, default));
        var next = (await Logins.AddAsync(NewLogin() with { Name = read.Name }, invitation: null, new ServerTimestamp(6), default))!;
        Assert.Equal(next, await Logins.FindAsync(read.Name, default));

        await Logins.RemoveAsync(read.Account.Number, default);
        Assert.Equal(next, await Logins.FindAsync(read.Name, default));
    }

    private static AccountLogin NewLogin()
    {
        var name = Guid.NewGuid().ToString("N");
        return new AccountLogin(new Account(0, $"{name}@example.org", "", ServerTimestamp.Zero, IsBeingDeleted: false), "l" + name, "hash");
    }
}
