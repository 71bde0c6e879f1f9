using CsCheck;
using Lockstep.Core.Buckets;
using Lockstep.Core.Lists;
using Lockstep.Core.Operations;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Owner;
using Lockstep.Core.Permissions;
using Lockstep.Core.Records;
using Lockstep.Core.Time;
using Lockstep.Storage.Contract;
using Xunit.Abstractions;
using static Lockstep.Core.Tests.SharedBucket;

namespace Lockstep.Core.Tests;

/// <summary>
/// Histories of a bucket with several users: rights and memberships come and go, on bucket, collection and records, by groups of the bucket
/// and of another one, whose owner's clock may be seconds ahead or behind. Writers wish for stamps in the past. Whoever polls a list has what a
/// read of all of it shows, and no stamp goes back.
/// </summary>
public sealed class SharingModelTests(ITestOutputHelper output)
{
    private const int Steps = 16;

    private static readonly string[] Principals = ["account:bob#2", "account:carol#3", ShopStaff, ClubStaff, PrincipalText.Authenticated];

    private static readonly Gen<(int Ahead, (int Kind, int Which, int Whom)[] Steps)> Histories =
        Gen.Select(Gen.Int[-4, 4], Gen.Select(Gen.Int[0, Steps - 1], Gen.Int[0, 7], Gen.Int[0, 31]).Array[1, 60]);

    [Fact]
    public async Task Readers_WhoPoll_HaveWhatAReadOfAllShows()
    {
        var (polls, anew, partly) = (0, 0, 0);
        await Histories.SampleAsync(async history =>
        {
            using var run = new Run(TimeSpan.FromSeconds(history.Ahead));
            await run.BeginAsync();
            foreach (var (kind, which, whom) in history.Steps)
            {
                await run.StepAsync(kind, which, whom);
            }

            await run.CompareAsync();
            Interlocked.Add(ref polls, run.Polls);
            Interlocked.Add(ref anew, run.BegunAnew);
            Interlocked.Add(ref partly, run.Partly);
        },
        iter: 150);
        output.WriteLine($"{polls} polls, {anew} of which began anew, {partly} compared reads of a part");
        Assert.True(anew > 20, $"Only {anew} polls began anew.");
        Assert.True(partly > 100, $"Only {partly} reads of a part were compared.");
    }

    private sealed class Run : IDisposable
    {
        private readonly SharedBucket shared = SharedBucket.Create();
        private readonly FakeTime other = new();
        private readonly InProcessBuckets elsewhere;
        private readonly Copy[] copies = [new(Alice), new(Bob), new(Carol), new(Of("dave", 4))];

        /// <param name="ahead">By how much the clock of the other bucket's owner is ahead.</param>
        public Run(TimeSpan ahead)
        {
            other.Advance(TimeSpan.FromDays(1));
            other.JumpWallClock(ahead);
            elsewhere = new InProcessBuckets(shared, new BucketOptions(), other);
        }

        public int Polls { get; private set; }

        public int BegunAnew => copies.Sum(static copy => copy.BegunAnew);

        public int Partly { get; private set; }

        public void Dispose()
        {
            elsewhere.Dispose();
            shared.Dispose();
        }

        public async Task BeginAsync()
        {
            await InClubAsync(Put(ObjectRef.Bucket));
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Bucket));
            await shared.DoAsync<RecordWritten>(Alice, Put(ObjectRef.Collection("c")));
        }

        public async Task StepAsync(int kind, int which, int whom)
        {
            var record = ObjectRef.Record("c", $"r{which}");
            switch (kind)
            {
                case 0 or 1 or 2:
                    await shared.ExecuteAsync(Alice, Put(record, Readers(Chosen(whom))));
                    break;
                case 3 or 4:
                    await shared.ExecuteAsync(Alice, Put(record) with { Hint = Wish(whom) });
                    break;
                case 5:
                    await shared.ExecuteAsync(Alice, new DeleteRecord(record, Wish(whom)));
                    break;
                case 6:
                    await shared.ExecuteAsync(Alice, Group("staff", Chosen(whom & 3)));
                    break;
                case 7:
                    await InClubAsync(Group("staff", Chosen(whom & 3)) with { Hint = Wish(whom) });
                    break;
                case 8 when which % 2 == 0:
                    await shared.ExecuteAsync(Alice, new DeleteRecord(ObjectRef.Group("staff")));
                    break;
                case 8:
                    await InClubAsync(new DeleteRecord(ObjectRef.Group("staff"), Wish(whom)));
                    break;
                case 9:
                    await shared.ExecuteAsync(Alice, Put(ObjectRef.Collection("c"), Says(which % 3 == 0 ? Right.CreateRecords : Right.Read, which % 2 == 0 ? [] : Chosen(whom))));
                    break;
                case 10 when which < 4:
                    await shared.ExecuteAsync(Alice, Put(ObjectRef.Bucket, Readers(which % 2 == 0 ? [] : Chosen(whom))));
                    break;
                case 11 when which == 0:
                    await shared.ExecuteAsync(Alice, new DeleteRecord(ObjectRef.Collection("c")));
                    await shared.ExecuteAsync(Alice, Put(ObjectRef.Collection("c"), Says(Right.CreateRecords, Chosen(whom))));
                    break;
                case 11 when which == 1:
                    await shared.ExecuteAsync(Caller.System, new PurgeTombstones(ListRef.RecordsOf("c"), new ServerTimestamp(long.MaxValue), 100));
                    break;
                case 12:
                    // Whoever may writes too, and sees in the same request what they may.
                    var writer = copies[1 + (whom % 3)].Who;
                    await shared.Buckets.Get(Shop).ExecuteAsync(
                        new BucketRequest(writer, [Put(record), new ListRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 3 }), new CountRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1 })]), default);
                    break;
                case 13:
                    Advance(TimeSpan.FromMilliseconds(which * 900));
                    break;
                case 14:
                    Polls++;
                    await copies[whom % copies.Length].PollAsync(shared);
                    break;
                default:
                    await CompareAsync();
                    break;
            }

            Advance(TimeSpan.FromMilliseconds(whom % 3));
        }

        /// <summary>Once nothing that is remembered of other buckets counts any more, by whichever clock.</summary>
        public async Task CompareAsync()
        {
            Advance(Settled + TimeSpan.FromSeconds(4));
            foreach (var copy in copies)
            {
                Polls++;
                await copy.PollAsync(shared);
                var all = await shared.ExecuteAsync(copy.Who, new ListRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 100, Projection = Projection.Listed }));
                if (all is not PageFound page)
                {
                    Assert.Equal(Forbidden.Instance, all);
                    Assert.Empty(copy.Rows);
                    continue;
                }

                Assert.Equal(page.Records.Select(static row => (row.Id, row.Modified)).Order(), copy.Rows.Select(static row => (row.Key, row.Value)).Order());
                var count = await shared.DoAsync<CountFound>(copy.Who, new CountRecords(ListRef.RecordsOf("c"), new ListQuery { Limit = 1 }));
                Assert.Equal(page.Records.Count, count.Count);
                Partly += page.Records.Count is > 0 and < 8 ? 1 : 0;
            }
        }

        private Task InClubAsync(Operation operation) => elsewhere.Get(Club).ExecuteAsync(new BucketRequest(Alice, [operation]), default).AsTask();

        /// <summary>Mostly none; else one of a moment ago, or of half an hour.</summary>
        private ServerTimestamp? Wish(int whom) => (whom % 4) switch
        {
            1 => ServerTimestamp.Now(shared.Time).Plus(-whom * 100),
            2 => ServerTimestamp.Now(shared.Time).Plus(-1_800_000),
            _ => null,
        };

        private void Advance(TimeSpan by)
        {
            shared.Time.Advance(by);
            other.Advance(by);
        }

        private static string[] Chosen(int whom) => [.. Principals.Where((_, i) => (whom & (1 << i)) != 0)];
    }

    /// <summary>What a reader has who polls with small pages.</summary>
    private sealed class Copy(Caller who)
    {
        private ServerTimestamp? since;

        public Caller Who => who;

        public int BegunAnew { get; private set; }

        public Dictionary<string, ServerTimestamp> Rows { get; } = new(StringComparer.Ordinal);

        public async Task PollAsync(SharedBucket shared)
        {
            while (true)
            {
                var query = new ListQuery { Limit = 3, Since = since, Projection = Projection.Listed };
                var (stamp, any) = (ServerTimestamp.Zero, false);
                do
                {
                    var outcome = await shared.ExecuteAsync(who, new ListRecords(ListRef.RecordsOf("c"), query));
                    if (outcome is not PageFound page)
                    {
                        // They may see nothing of it: a client stops there, and begins from nothing should it come again.
                        Assert.True(outcome is Forbidden or ParentMissing, $"{outcome}");
                        Rows.Clear();
                        since = null;
                        return;
                    }

                    stamp = page.ListStamp;
                    any |= page.Records.Count > 0;
                    foreach (var row in page.Records)
                    {
                        if (row.IsTombstone)
                        {
                            Rows.Remove(row.Id);
                        }
                        else
                        {
                            Rows[row.Id] = row.Modified;
                        }
                    }

                    query = query with { Cursor = page.Next };
                }
                while (query.Cursor is not null);

                Assert.True(since is null || stamp >= since, $"time went back from {since} to {stamp}");
                var isAnew = since is not null && stamp > since && !any;
                since = stamp;
                if (!isAnew)
                {
                    return;
                }

                BegunAnew++;
                Rows.Clear();
            }
        }
    }
}
