using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IAccountStore"/> must do. Each engine inherits it.</summary>
public abstract class AccountStoreContract
{
    protected abstract IAccountStore Accounts { get; }

    /// <summary>Of the same database.</summary>
    protected abstract IBucketStore Buckets { get; }

    [Fact]
    public async Task Add_NameThatIsTaken_IsRefused_AndChangesNothing()
    {
        var name = NewName();
        var first = await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default);

        Assert.Null(await Accounts.AddAsync(name, "other", new ServerTimestamp(6), default));

        Assert.Equal(first, await Accounts.FindAsync(name, default));
        Assert.Equal((name, "hash", new ServerTimestamp(5), false), (first!.Name, first.PasswordHash, first.Modified, first.IsBeingDeleted));
    }

    [Fact]
    public async Task Add_OneNameByManyAtOnce_OneGetsIt()
    {
        var name = NewName();

        var added = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(async () => await Accounts.AddAsync(name, $"hash{i}", new ServerTimestamp(5), default))));

        Assert.Single(added, account => account is not null);
    }

    [Fact]
    public async Task ChangePassword_StampRises_WhateverTheClockSays()
    {
        var name = NewName();
        await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default);

        Assert.Equal(new ServerTimestamp(6), (await Accounts.ChangePasswordAsync(name, expected: null, "new", new ServerTimestamp(3), default))!.Modified);
        Assert.Equal(new ServerTimestamp(9), (await Accounts.ChangePasswordAsync(name, expected: null, "newer", new ServerTimestamp(9), default))!.Modified);
        Assert.Equal("newer", (await Accounts.FindAsync(name, default))!.PasswordHash);
        Assert.Null(await Accounts.ChangePasswordAsync(NewName(), expected: null, "new", new ServerTimestamp(9), default));
    }

    [Fact]
    public async Task Write_WithAnExpectedStamp_IsDoneWhileTheAccountHasIt()
    {
        var name = NewName();
        await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default);

        Assert.Null(await Accounts.ChangePasswordAsync(name, new ServerTimestamp(4), "stale", new ServerTimestamp(9), default));
        Assert.False(await Accounts.BeginDeletionAsync(name, new ServerTimestamp(4), default));
        Assert.Equal(("hash", false), await Accounts.FindAsync(name, default) is { } kept ? (kept.PasswordHash, kept.IsBeingDeleted) : default);

        var changed = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(
            async () => await Accounts.ChangePasswordAsync(name, new ServerTimestamp(5), $"hash{i}", new ServerTimestamp(9), default))));
        Assert.Single(changed, account => account is not null);
        Assert.True(await Accounts.BeginDeletionAsync(name, new ServerTimestamp(9), default));
        Assert.True(await Accounts.BeginDeletionAsync(name, new ServerTimestamp(9), default));
    }

    [Fact]
    public async Task Deletion_InTwoHalves_KeepsTheNameUntilTheEnd_AndTheNumberForEver()
    {
        var name = NewName();
        var first = await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default);

        Assert.True(await Accounts.BeginDeletionAsync(name, expected: null, default));
        Assert.Null(await Accounts.ChangePasswordAsync(name, expected: null, "late", new ServerTimestamp(9), default));
        Assert.Null(await Accounts.AddAsync(name, "hash", new ServerTimestamp(9), default));
        Assert.Contains(await Accounts.ListBeingDeletedAsync(default), account => account.Number == first!.Number);
        await Accounts.EndDeletionAsync(name, $"account:{name}", default);

        Assert.Null(await Accounts.FindAsync(name, default));
        Assert.DoesNotContain(await Accounts.ListBeingDeletedAsync(default), account => account.Number == first!.Number);
        Assert.True((await Accounts.AddAsync(name, "hash", new ServerTimestamp(7), default))!.Number > first!.Number);
        Assert.False(await Accounts.BeginDeletionAsync(NewName(), expected: null, default));
    }

    [Fact]
    public async Task Deletion_Ended_ForgetsTheNameOnDeletedBucketsOnly()
    {
        var name = NewName();
        var principal = $"account:{name}";
        await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default);
        var gone = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Author = principal };
        var live = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Author = principal, Exists = true };
        await Buckets.CommitAsync(new BucketCommit(gone, Guid.NewGuid(), [], [], [], []));
        await Buckets.CommitAsync(new BucketCommit(live, Guid.NewGuid(), [], [], [], []));

        await Accounts.BeginDeletionAsync(name, expected: null, default);
        await Accounts.EndDeletionAsync(name, principal, default);

        Assert.Null((await Buckets.LoadAsync(gone.Id, claim: false, default))!.Author);
        Assert.Equal(principal, (await Buckets.LoadAsync(live.Id, claim: false, default))!.Author);
    }

    [Fact]
    public async Task List_PagesInNameOrder()
    {
        var prefix = NewName();
        string[] names = [$"{prefix}B", $"{prefix}a", $"{prefix}-", $"{prefix}b"];
        foreach (var name in names)
        {
            await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default);
        }

        var seen = new List<string>();
        var last = prefix;
        while (await Accounts.ListAsync(last, 3, default) is { Count: > 0 } page)
        {
            seen.AddRange(page.Select(account => account.Name).Where(name => name.StartsWith(prefix, StringComparison.Ordinal)));
            last = page[^1].Name;
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), seen);
    }

    [Fact]
    public async Task LockName_CanBeTakenAgainOnceLetGo()
    {
        var name = NewName();
        await using (await Accounts.LockNameAsync(name, default))
        {
            await using var other = await Accounts.LockNameAsync(NewName(), default);
        }

        await using var again = await Accounts.LockNameAsync(name, default);
    }

    private static string NewName() => $"u{Guid.NewGuid():N}";
}
