using Lockstep.Core.Accounts;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Records;
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
    public async Task Write_WithTheAccountAsItWasRead_IsDoneWhileItIsThat()
    {
        var name = NewName();
        var read = (await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default))!;
        foreach (var other in new[]
        {
            read with { Modified = new ServerTimestamp(4) }, read with { PasswordHash = "another" }, read with { Number = read.Number - 1 },
        })
        {
            Assert.Null(await Accounts.ChangePasswordAsync(name, other, "stale", new ServerTimestamp(9), default));
            Assert.Null(await Accounts.BeginDeletionAsync(name, other, default));
        }

        Assert.Equal(read, await Accounts.FindAsync(name, default));

        var changed = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(
            async () => await Accounts.ChangePasswordAsync(name, read, $"hash{i}", new ServerTimestamp(9), default))));
        var now = Assert.Single(changed, account => account is not null)!;
        Assert.Null(await Accounts.BeginDeletionAsync(name, read, default));
        Assert.Equal(now with { IsBeingDeleted = true }, await Accounts.BeginDeletionAsync(name, now, default));
        Assert.Equal(now with { IsBeingDeleted = true }, await Accounts.BeginDeletionAsync(name, now, default));
    }

    [Fact]
    public async Task Deletion_InParts_KeepsTheNameUntilTheEnd_AndTheNumberForEver()
    {
        var name = NewName();
        var first = (await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default))!;

        Assert.Equal(first with { IsBeingDeleted = true }, await Accounts.BeginDeletionAsync(name, expected: null, default));
        Assert.Null(await Accounts.ChangePasswordAsync(name, expected: null, "late", new ServerTimestamp(9), default));
        Assert.Null(await Accounts.AddAsync(name, "hash", new ServerTimestamp(9), default));
        Assert.Contains(await Accounts.ListBeingDeletedAsync(default), account => account.Number == first.Number);
        await Accounts.EndDeletionAsync(first, $"account:{name}", default);

        Assert.Null(await Accounts.FindAsync(name, default));
        Assert.DoesNotContain(await Accounts.ListBeingDeletedAsync(default), account => account.Number == first.Number);
        var second = (await Accounts.AddAsync(name, "hash", new ServerTimestamp(7), default))!;
        Assert.True(second.Number > first.Number);
        Assert.Equal((new ServerTimestamp(5), new ServerTimestamp(7)), (first.Since, second.Since));
        Assert.Null(await Accounts.BeginDeletionAsync(NewName(), expected: null, default));
    }

    [Fact]
    public async Task Deletion_EndedByWhoComesLate_LeavesTheNextAccountOfTheName()
    {
        var name = NewName();
        var principal = $"account:{name}";
        var first = (await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default))!;
        await Accounts.BeginDeletionAsync(name, expected: null, default);
        await Accounts.EndDeletionAsync(first, principal, default);
        var second = (await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default))!;
        var gone = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Author = principal };
        await Buckets.CommitAsync(new BucketCommit(gone, Guid.NewGuid(), [], [], [], []));

        await Accounts.EndDeletionAsync(first, principal, default);

        Assert.Null(await Accounts.ChangePasswordAsync(name, first, "stale", new ServerTimestamp(9), default));
        Assert.Null(await Accounts.BeginDeletionAsync(name, first, default));
        Assert.Equal(second, await Accounts.FindAsync(name, default));
        Assert.Equal(principal, (await Buckets.LoadAsync(gone.Id, claim: false, default))!.Author);
    }

    [Fact]
    public async Task Deletion_Ended_ForgetsTheNameOnDeletedBucketsOnly()
    {
        var name = NewName();
        var principal = $"account:{name}";
        var account = (await Accounts.AddAsync(name, "hash", new ServerTimestamp(5), default))!;
        var gone = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Author = principal };
        var live = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Author = principal, Exists = true };
        await Buckets.CommitAsync(new BucketCommit(gone, Guid.NewGuid(), [], [], [], []));
        await Buckets.CommitAsync(new BucketCommit(live, Guid.NewGuid(), [], [], [], []));

        await Accounts.BeginDeletionAsync(name, expected: null, default);
        await Accounts.EndDeletionAsync(account, principal, default);

        Assert.Null((await Buckets.LoadAsync(gone.Id, claim: false, default))!.Author);
        Assert.Equal(principal, (await Buckets.LoadAsync(live.Id, claim: false, default))!.Author);
    }

    [Fact]
    public async Task Commit_InTheNameOfAClosedAccount_IsNotDone_AndSaysWhose()
    {
        var closed = (await Accounts.AddAsync(NewName(), "hash", new ServerTimestamp(5), default))!.Number;
        var open = (await Accounts.AddAsync(NewName(), "hash", new ServerTimestamp(5), default))!.Number;
        var heads = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Exists = true };
        var first = await Buckets.CommitAsync(Of(heads) with { Accounts = [closed, open] });
        Assert.Equal(CommitStatus.Done, first.Status);

        await Accounts.CloseAsync(closed, default);
        await Accounts.CloseAsync(closed, default);

        var next = heads with { Row = first.Row, Version = 2, Clock = new(200) };
        var refused = await Buckets.CommitAsync(Of(next) with { Accounts = [open, closed] });
        Assert.Equal(CommitStatus.Closed, refused.Status);
        Assert.Equal([closed], refused.Closed);
        Assert.Equal(1, (await Buckets.LoadAsync(heads.Id, claim: false, default))!.Version);
        var other = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Exists = true };
        Assert.Equal(CommitStatus.Closed, (await Buckets.CommitAsync(Of(other) with { Accounts = [closed] })).Status);
        Assert.Null(await Buckets.LoadAsync(other.Id, claim: false, default));
        Assert.Equal(CommitStatus.Done, (await Buckets.CommitAsync(Of(next) with { Accounts = [open] })).Status);
        Assert.Equal(CommitStatus.Done, (await Buckets.CommitAsync(Of(next with { Version = 3, Clock = new(300) }))).Status);
    }

    [Fact]
    public async Task Account_IsDisabledAndEnabled_WithTheSamePassword_AndTheStampRisesWithEachChange()
    {
        var made = (await Accounts.AddAsync(NewName(), "hash", new ServerTimestamp(5), default))!;
        Assert.False(made.IsDisabled);

        var disabled = await Accounts.SetDisabledAsync(made.Number, isDisabled: true, new ServerTimestamp(3), default);
        Assert.Equal(made with { IsDisabled = true, Modified = new ServerTimestamp(6) }, disabled);
        Assert.Equal(disabled, await Accounts.SetDisabledAsync(made.Number, isDisabled: true, new ServerTimestamp(9), default));
        Assert.Equal(disabled, await Accounts.FindAsync(made.Name, default));
        Assert.Equal(disabled, Assert.Single(await Accounts.ListAsync(made.Name[..^1], 1, default)));
        Assert.Null(await Accounts.ChangePasswordAsync(made.Name, made, "stale", new ServerTimestamp(9), default));
        var changed = (await Accounts.ChangePasswordAsync(made.Name, disabled, "new", new ServerTimestamp(9), default))!;
        Assert.True(changed.IsDisabled);

        Assert.Equal(changed with { IsDisabled = false, Modified = new ServerTimestamp(20) }, await Accounts.SetDisabledAsync(made.Number, isDisabled: false, new ServerTimestamp(20), default));
        await Accounts.BeginDeletionAsync(made.Name, expected: null, default);
        Assert.Null(await Accounts.SetDisabledAsync(made.Number, isDisabled: true, new ServerTimestamp(30), default));
        Assert.Null(await Accounts.SetDisabledAsync(long.MaxValue, isDisabled: true, new ServerTimestamp(30), default));
    }

    [Fact]
    public async Task Commit_InTheNameOfASuspendedAccount_IsNotDone_UntilItIsResumed()
    {
        var number = (await Accounts.AddAsync(NewName(), "hash", new ServerTimestamp(5), default))!.Number;
        var heads = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Exists = true };
        await Accounts.SuspendAsync(number, default);
        await Accounts.SuspendAsync(number, default);

        var refused = await Buckets.CommitAsync(Of(heads) with { Accounts = [number] });
        Assert.Equal(CommitStatus.Closed, refused.Status);
        Assert.Equal([number], refused.Closed);

        await Accounts.ResumeAsync(number, default);
        await Accounts.ResumeAsync(number, default);
        Assert.Equal(CommitStatus.Done, (await Buckets.CommitAsync(Of(heads) with { Accounts = [number] })).Status);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Account_ThatIsClosed_IsNotResumed(bool isSuspendedFirst)
    {
        var number = (await Accounts.AddAsync(NewName(), "hash", new ServerTimestamp(5), default))!.Number;
        if (isSuspendedFirst)
        {
            await Accounts.SuspendAsync(number, default);
        }

        await Accounts.CloseAsync(number, default);
        await Accounts.SuspendAsync(number, default);
        await Accounts.ResumeAsync(number, default);

        var heads = BucketHeads.Unwritten(BucketId.Named(Guid.NewGuid().ToString("N"))) with { Version = 1, Clock = new(100), Exists = true };
        Assert.Equal(CommitStatus.Closed, (await Buckets.CommitAsync(Of(heads) with { Accounts = [number] })).Status);
    }

    [Fact]
    public async Task Writers_WhoseAccountIsClosedBeforeTheCommit_AreLeftOut_AndTheOthersWrite()
    {
        var closed = (await Accounts.AddAsync(NewName(), "hash", new ServerTimestamp(5), default))!;
        var open = (await Accounts.AddAsync(NewName(), "hash", new ServerTimestamp(5), default))!;
        var id = BucketId.DefaultBucket(Guid.NewGuid().ToString("N"));
        var gate = new GatedBucketStore(Buckets);
        using var buckets = new InProcessBuckets(gate, new BucketOptions(), TimeProvider.System);

        // The first commit is held up, and what comes meanwhile is in one turn after it.
        var first = WriteAsync(open, "first");
        await gate.Begun.ReachesAsync(1);
        var writing = Enumerable.Range(0, 6).Select(i => WriteAsync(i % 2 == 0 ? closed : open, $"r{i}")).ToList();
        gate.Next = async () =>
        {
            gate.Next = static () => Task.CompletedTask;
            await Accounts.CloseAsync(closed.Number, default);
        };
        gate.Open();

        Assert.IsType<RecordWritten>(await first);
        var outcomes = await Task.WhenAll(writing);
        for (var i = 0; i < outcomes.Length; i++)
        {
            Assert.True(i % 2 == 0 ? outcomes[i] is AccountClosed : outcomes[i] is RecordWritten { Created: true }, $"{i}: {outcomes[i]}");
        }

        Assert.Equal(AccountClosed.Instance, await WriteAsync(closed, "late"));
        var page = (PageFound)await ExecuteAsync(open, new ListRecords(ListRef.RecordsOf("tasks"), new ListQuery { Limit = 100 }));
        Assert.Equal(["first", "r1", "r3", "r5"], page.Records.Select(static record => record.Id).Order(StringComparer.Ordinal));
        Assert.Equal(page.Records.Max(static record => record.Modified), page.ListStamp);

        Task<Outcome> WriteAsync(Account account, string record) => ExecuteAsync(account, new PutRecord(ObjectRef.Record("tasks", record), "{}"u8.ToArray()));

        async Task<Outcome> ExecuteAsync(Account account, Operation operation)
        {
            var caller = new Caller(new($"account:{account.Name}") { Account = account.Ref }, BucketAccess.Own);
            return (await buckets.Get(id).ExecuteAsync(new BucketRequest(caller, [operation]), default)).Outcomes[0];
        }
    }

    [Fact]
    public async Task Bucket_HasTheNumberOfWhoMadeIt_AndNoneOnceItIsDeleted()
    {
        var id = BucketId.Named(Guid.NewGuid().ToString("N"));
        var principal = $"account:{NewName()}";
        var heads = BucketHeads.Unwritten(id) with { Version = 1, Clock = new(100), Exists = true, Author = principal, AuthorNumber = 7 };
        var row = (await Buckets.CommitAsync(Of(heads))).Row;
        Assert.Equal(7, (await Buckets.LoadAsync(id, claim: false, default))!.AuthorNumber);

        var gone = heads with { Row = row, Version = 2, Clock = new(200), Exists = false, Base = new(200), AuthorNumber = null };
        await Buckets.CommitAsync(Of(gone));
        Assert.Null((await Buckets.LoadAsync(id, claim: false, default))!.AuthorNumber);
        await Buckets.CommitAsync(Of(gone with { Version = 3, Clock = new(300), Exists = true, AuthorNumber = 9 }));
        Assert.Equal(9, (await Buckets.LoadAsync(id, claim: false, default))!.AuthorNumber);
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

    private static BucketCommit Of(BucketHeads heads) => new(heads, Guid.NewGuid(), [], [], [], []);

    private static string NewName() => $"u{Guid.NewGuid():N}";
}
