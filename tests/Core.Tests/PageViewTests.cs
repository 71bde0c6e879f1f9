using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using static Lockstep.Core.Tests.SharedBucket;

namespace Lockstep.Core.Tests;

/// <summary>What an owner says, with a page, of who else sees the same and of what the view rests on.</summary>
public sealed class PageViewTests : IDisposable
{
    private static readonly Caller Dave = Of("dave", 4);
    private static readonly Caller Nobody = new(default, BucketAccess.ByAcl);

    private readonly SharedBucket shared = Create();

    public void Dispose() => shared.Dispose();

    [Fact]
    public async Task Page_OfWhoMayReadAllOfAList_IsTheSameForThoseWhoMayToo()
    {
        var since = await MakeAsync("account:bob#2", "account:carol#3");

        var page = await ReadAsync(Bob, since, Nobody, Carol, Dave, Alice, Bob);

        Assert.Equal([1, 3, 4], page.SameFor);
        Assert.True(page.IsSettled);
        Assert.Equal(page.Records, (await ReadAsync(Carol, since)).Records);
    }

    [Fact]
    public async Task Page_OfWhoMayReadAPart_IsTheSameForNobody()
    {
        var since = await MakeAsync("account:bob#2");
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "seen"), Readers("account:dave#4")));

        var page = await ReadAsync(Dave, since, Alice, Bob, Dave);

        Assert.Empty(page.SameFor!);
        Assert.True(page.IsSettled);
    }

    [Fact]
    public async Task Page_OfWhoseRightsChangedSinceTheyLooked_IsTheSameForNobody()
    {
        var since = await MakeAsync("account:bob#2");
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers("account:bob#2", "account:carol#3")));

        var page = await ReadAsync(Carol, since, Bob, Alice);

        Assert.Empty(page.Records);
        Assert.Empty(page.SameFor!);
        Assert.DoesNotContain(1, (await ReadAsync(Alice, since, Alice, Carol)).SameFor!);
    }

    [Fact]
    public async Task Page_WhereGroupsOfOtherBucketsCount_IsSettledForTheAuthorAlone()
    {
        var since = await MakeAsync("account:bob#2", ClubStaff);

        Assert.False((await ReadAsync(Bob, since)).IsSettled);
        Assert.True((await ReadAsync(Alice, since)).IsSettled);
    }

    [Fact]
    public async Task Page_OfWhoseGroupsInAnotherBucketHaveChanged_SaysUpToWhereItIsSettled()
    {
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket), Club);
        await shared.DoAsync<RecordWritten>(Alice, Group("staff"), Club);
        var since = await MakeAsync("account:carol#3", ClubStaff);
        await shared.DoAsync<RecordWritten>(Alice, Group("staff", "account:bob#2"), Club);

        var page = await ReadAsync(Bob, since);

        Assert.InRange(page.SettledTo!.Value.Milliseconds, since.Milliseconds, long.MaxValue);
        Assert.Null((await ReadAsync(Alice, since)).SettledTo);
        Assert.Null((await ReadAsync(Carol, since)).SettledTo);
        shared.Time.Advance(Settled);
        Assert.Null((await ReadAsync(Bob, since)).SettledTo);
    }

    [Fact]
    public async Task Page_OfWhichNobodyAsked_SaysNothing()
    {
        var since = await MakeAsync("account:bob#2");

        var page = await shared.DoAsync<PageFound>(Bob, List(since));

        Assert.Null(page.SameFor);
        Assert.False(page.IsSettled);
    }

    /// <returns>A stamp that is newer than all rights by more than one.</returns>
    private async Task<ServerTimestamp> MakeAsync(params string[] readers)
    {
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c"), Readers(readers)));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "a")));
        var last = await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "b")));
        await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Record("c", "new")));
        return last.Record.Modified;
    }

    private Task<PageFound> ReadAsync(Caller caller, ServerTimestamp since, params Caller[] others) => shared.DoAsync<PageFound>(caller, List(since) with { AlsoFor = [.. others.Select(static other => new OtherReader(other.Principals.User, other.Principals.Account.Number, other.Principals.Account.Since, other.Access == BucketAccess.Own))] });

    private static ListRecords List(ServerTimestamp since) => new(ListRef.RecordsOf("c"), new ListQuery { Since = since, Limit = 10, Projection = Projection.Listed });
}
