using Lockstep.Core.Accounts;
using Lockstep.Core.Assignments;
using Lockstep.Core.Buckets;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;
using Xunit;

namespace Lockstep.Storage.Contract;

/// <summary>What every <see cref="IAssignmentStore"/> must do. Each engine inherits it.</summary>
public abstract class AssignmentStoreContract
{
    private const int Racers = 16;
    protected static readonly UserKeys Keys = new(10, "aa", 10);

    protected abstract IAssignmentStore Assignments { get; }

    /// <summary>Of the same database.</summary>
    protected abstract IAccountStore Accounts { get; }

    /// <summary>Of the same database.</summary>
    protected abstract IBucketStore Buckets { get; }

    /// <summary>Rows of a user that are in use, asked of the database itself.</summary>
    protected abstract Task<long> CountInUseAsync(UserIdentity user);

    [Fact]
    public async Task Give_ToANewUser_IsFound_AsItWasGiven()
    {
        var user = NewUser();
        Assert.Empty(await Assignments.FindAsync(user, default));

        var given = await Assignments.GiveAsync(user, expected: null, Keys, node: 0, quotaBytes: 5_000_000_000, At(100), default);

        Assert.Equal(new Assignment(given!.Number, user, Keys, Node: 0, At(100), Replaced: null, IsClosed: false, 5_000_000_000), given);
        Assert.Equal([given], await Assignments.FindAsync(user, default));
        Assert.True(given.Number > 0);
    }

    [Fact]
    public async Task Give_ToUsersOfOneSubjectFromTwoIssuers_GivesTwo()
    {
        var user = NewUser();
        var other = user with { Issuer = user.Issuer + "x" };
        var first = await GiveAsync(user);
        var second = await GiveAsync(other);

        Assert.Equal([first], await Assignments.FindAsync(user, default));
        Assert.Equal([second], await Assignments.FindAsync(other, default));
        Assert.Empty(await Assignments.FindAsync(user with { Subject = user.Subject.ToUpperInvariant() }, default));
    }

    [Fact]
    public async Task Give_InPlaceOfAnother_ReplacesIt_AndTheNewOneComesFirst()
    {
        var user = NewUser();
        var first = await GiveAsync(user);
        var keys = new UserKeys(20, "bb", 20);

        var second = await Assignments.GiveAsync(user, first, keys, node: 0, quotaBytes: null, At(200), default);

        Assert.True(second!.Number > first.Number);
        Assert.Equal((keys, At(200)), (second.Keys, second.Created));
        Assert.Equal([second, first with { Replaced = At(200) }], await Assignments.FindAsync(user, default));
    }

    [Fact]
    public async Task Give_WhenTheStoreIsNotAsItWasRead_IsRefused_AndChangesNothing()
    {
        var user = NewUser();
        var first = await GiveAsync(user);
        foreach (var other in new[]
        {
            null, first with { Number = first.Number + 1_000_000 }, first with { Keys = Keys with { Generation = 9 } }, first with { Keys = Keys with { Fingerprint = "ab" } },
            first with { Keys = Keys with { KeysChangedAt = 9 } }, first with { QuotaBytes = 7 },
        })
        {
            Assert.Null(await Assignments.GiveAsync(user, other, Keys, node: 0, quotaBytes: null, At(200), default));
        }

        var stranger = NewUser();
        Assert.Null(await Assignments.GiveAsync(stranger, first, Keys, node: 0, quotaBytes: null, At(200), default));

        Assert.Equal([first], await Assignments.FindAsync(user, default));
        Assert.Empty(await Assignments.FindAsync(stranger, default));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Give_ToOneUserByManyAtOnce_OneWins(bool hasOne)
    {
        for (var round = 0; round < 5; round++)
        {
            var user = NewUser();
            var expected = hasOne ? await GiveAsync(user) : null;

            var given = await AllAtOnceAsync(i => Assignments.GiveAsync(user, expected, new UserKeys(20 + i, "bb", 20), node: 0, quotaBytes: null, At(200), default));

            var winner = Assert.Single(given, one => one is not null)!;
            Assert.Equal(1, await CountInUseAsync(user));
            var found = await Assignments.FindAsync(user, default);
            Assert.Equal(winner, found[0]);
            Assert.Equal(hasOne ? 2 : 1, found.Count);
        }
    }

    [Fact]
    public async Task Give_ToManyUsersAtOnce_GivesEachTheirOwn()
    {
        var users = Enumerable.Range(0, 2 * Racers).Select(_ => NewUser()).ToList();

        var given = await Task.WhenAll(users.Select(user => Task.Run(() => GiveAsync(user))));

        Assert.Equal(users, given.Select(static one => one.User));
        Assert.Equal(users.Count, given.Select(static one => one.Number).Distinct().Count());
    }

    [Fact]
    public async Task Numbers_AreThoseOfAccounts_AndNeverGivenTwice()
    {
        var user = NewUser();
        var numbers = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            numbers.Add((await GiveAsync(NewUser())).Number);
            numbers.Add((await Accounts.AddAsync($"u{Guid.NewGuid():N}", "hash", At(5), default))!.Number);
        }

        var gone = await GiveAsync(user);
        await Assignments.EndAsync(gone, retire: false, At(200), default);
        await Assignments.ForgetAsync(gone.Number, default);
        numbers.AddRange([gone.Number, (await GiveAsync(user)).Number, (await Accounts.AddAsync($"u{Guid.NewGuid():N}", "hash", At(5), default))!.Number]);

        Assert.Equal(numbers.Order(), numbers);
        Assert.Equal(numbers.Count, numbers.Distinct().Count());
    }

    [Fact]
    public async Task Stamps_OfAUsersStores_Rise_WhateverTheClockSays()
    {
        var user = NewUser();
        var first = await GiveAsync(user, 1_000);
        var second = (await Assignments.GiveAsync(user, first, Keys, node: 0, quotaBytes: null, At(400), default))!;
        Assert.Equal(At(1_001), second.Created);
        Assert.True(await Assignments.EndAsync(second, retire: false, At(300), default));
        var third = (await Assignments.GiveAsync(user, expected: null, Keys, node: 0, quotaBytes: null, At(200), default))!;

        var found = await Assignments.FindAsync(user, default);
        Assert.Equal([third.Number, second.Number, first.Number], found.Select(static one => one.Number));
        Assert.True(third.Created > found[1].Replaced && found[1].Replaced > second.Created && second.Created >= found[2].Replaced && found[2].Replaced > first.Created);
    }

    [Fact]
    public async Task Find_WithManyReplaced_ReturnsTheLatestTwenty()
    {
        var user = NewUser();
        var last = await GiveAsync(user);
        var numbers = new List<long> { last.Number };
        for (var i = 0; i < 24; i++)
        {
            last = (await Assignments.GiveAsync(user, last, Keys, node: 0, quotaBytes: null, At(100), default))!;
            numbers.Add(last.Number);
        }

        Assert.Equal(numbers.AsEnumerable().Reverse().Take(20), (await Assignments.FindAsync(user, default)).Select(static one => one.Number));
    }

    [Fact]
    public async Task Advance_ByNewerKeys_IsDoneOnce_FromWhatWasRead()
    {
        var first = (await Assignments.GiveAsync(NewUser(), expected: null, new UserKeys(0, "", 0), node: 0, quotaBytes: null, At(100), default))!;
        var keys = new UserKeys(5, "aa", 3);

        Assert.True(await Assignments.AdvanceAsync(first, keys, default));
        Assert.Equal([first with { Keys = keys }], await Assignments.FindAsync(first.User, default));

        // Again, as after an answer that was lost, it is as it should be; from what was read before, it is not.
        Assert.True(await Assignments.AdvanceAsync(first, keys, default));
        Assert.False(await Assignments.AdvanceAsync(first, keys with { Generation = 6 }, default));
        Assert.True(await Assignments.AdvanceAsync(first with { Keys = keys }, keys with { Generation = 6 }, default));
    }

    [Fact]
    public async Task Advance_BackOrToAnotherKey_IsRefused()
    {
        var first = await GiveAsync(NewUser());
        foreach (var keys in new[] { Keys with { Generation = 9 }, Keys with { KeysChangedAt = 9 }, Keys with { Fingerprint = "bb" }, Keys with { Fingerprint = "" } })
        {
            Assert.False(await Assignments.AdvanceAsync(first, keys, default));
        }

        Assert.Equal([first], await Assignments.FindAsync(first.User, default));
    }

    [Fact]
    public async Task Advance_ByManyAtOnce_NeverGoesBack()
    {
        var user = NewUser();
        await GiveAsync(user);
        var done = await AllAtOnceAsync(async i =>
        {
            var (highest, times) = (0L, 0);
            for (var generation = 11 + i; times < 200; times++)
            {
                var read = (await Assignments.FindAsync(user, default))[0];
                Assert.True(read.Keys.Generation >= highest, $"{read.Keys.Generation} after {highest}");
                highest = read.Keys.Generation;
                if (generation < highest || await Assignments.AdvanceAsync(read, read.Keys with { Generation = generation, KeysChangedAt = generation }, default))
                {
                    break;
                }
            }

            return times;
        });

        Assert.All(done, static times => Assert.True(times < 200));
        Assert.Equal(new UserKeys(10 + Racers, "aa", 10 + Racers), (await Assignments.FindAsync(user, default))[0].Keys);
    }

    [Fact]
    public async Task Keys_OfTheRetiredGeneration_AreNobodys()
    {
        var user = NewUser();
        var retired = Keys with { Generation = UserKeys.RetiredGeneration };
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Assignments.GiveAsync(user, expected: null, retired, 0, quotaBytes: null, At(1), default));
        var first = await GiveAsync(user);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Assignments.AdvanceAsync(first, retired, default));
    }

    [Fact]
    public async Task End_TakesTheStoreOutOfUse_AndTheUserCanGetAnother()
    {
        var first = await GiveAsync(NewUser());
        Assert.False(await Assignments.EndAsync(first with { Keys = Keys with { Generation = 9 } }, retire: false, At(200), default));
        Assert.False(await Assignments.EndAsync(first with { User = NewUser() }, retire: false, At(200), default));

        Assert.True(await Assignments.EndAsync(first, retire: false, At(200), default));

        Assert.Equal([first with { Replaced = At(200) }], await Assignments.FindAsync(first.User, default));
        Assert.False(await Assignments.EndAsync(first, retire: false, At(300), default));
        Assert.False(await Assignments.AdvanceAsync(first, Keys with { Generation = 20 }, default));
        Assert.Null(await Assignments.GiveAsync(first.User, first, Keys, node: 0, quotaBytes: null, At(300), default));
        Assert.NotNull(await Assignments.GiveAsync(first.User, expected: null, Keys, node: 0, quotaBytes: null, At(300), default));
    }

    [Fact]
    public async Task End_ForGood_KeepsTheUserOut()
    {
        var first = await GiveAsync(NewUser());

        Assert.True(await Assignments.EndAsync(first, retire: true, At(200), default));

        var found = Assert.Single(await Assignments.FindAsync(first.User, default));
        Assert.True(found.IsRetired);
        Assert.Equal(At(200), found.Replaced);
        foreach (var expected in new[] { null, first, found })
        {
            Assert.Null(await Assignments.GiveAsync(first.User, expected, Keys, node: 0, quotaBytes: null, At(300), default));
        }

        Assert.False(await Assignments.AdvanceAsync(found, Keys with { Generation = 20 }, default));
    }

    [Fact]
    public async Task End_ForGood_OfAUserWhoHasNoStoreInUse_KeepsThemOutToo()
    {
        var first = await GiveAsync(NewUser());
        Assert.True(await Assignments.EndAsync(first, retire: false, At(200), default));
        var ended = Assert.Single(await Assignments.FindAsync(first.User, default));
        Assert.False(await Assignments.EndAsync(ended, retire: false, At(300), default));

        Assert.True(await Assignments.EndAsync(ended, retire: true, At(300), default));

        Assert.Equal([ended with { Keys = Keys with { Generation = UserKeys.RetiredGeneration } }], await Assignments.FindAsync(first.User, default));
        Assert.Null(await Assignments.GiveAsync(first.User, expected: null, Keys, node: 0, quotaBytes: null, At(400), default));

        // With a store in use, the one before it says nothing of the user any more.
        var second = await GiveAsync(NewUser());
        var third = (await Assignments.GiveAsync(second.User, second, Keys, node: 0, quotaBytes: null, At(200), default))!;
        Assert.False(await Assignments.EndAsync((await Assignments.FindAsync(second.User, default))[1], retire: true, At(300), default));
        Assert.Equal(third, (await Assignments.FindAsync(second.User, default))[0]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GiveAndEnd_AtOnce_OneWins_AndARetiredUserHasNone(bool inUse)
    {
        for (var round = 0; round < 10; round++)
        {
            var first = await GiveAsync(NewUser());
            if (!inUse)
            {
                await Assignments.EndAsync(first, retire: false, At(150), default);
            }

            var read = Assert.Single(await Assignments.FindAsync(first.User, default));
            var done = await AllAtOnceAsync(async i => i % 2 == 0
                ? await Assignments.EndAsync(read, retire: true, At(200), default)
                : await Assignments.GiveAsync(read.User, inUse ? read : null, Keys, node: 0, quotaBytes: null, At(200), default) is not null);

            var ended = done.Where((_, i) => i % 2 == 0).Any(static one => one);
            Assert.Equal(ended ? 0 : 1, done.Where((_, i) => i % 2 == 1).Count(static one => one));
            Assert.Equal(ended ? 0 : 1, await CountInUseAsync(read.User));
            var found = await Assignments.FindAsync(read.User, default);
            Assert.Equal(ended, found.Any(static one => one.IsRetired));
            Assert.Equal(ended ? 1 : 2, found.Count);
        }
    }

    [Fact]
    public async Task Closed_StoresNumber_RefusesCommits_AndIsNoted()
    {
        var first = await GiveAsync(NewUser());
        await Assignments.NoteClosedAsync(first.Number, default);
        Assert.False((await Assignments.FindAsync(first.User, default))[0].IsClosed);
        var second = (await Assignments.GiveAsync(first.User, first, Keys, node: 0, quotaBytes: null, At(200), default))!;

        await Accounts.CloseAsync(first.Number, default);
        await Assignments.NoteClosedAsync(first.Number, default);

        Assert.Equal([false, true], (await Assignments.FindAsync(first.User, default)).Select(static one => one.IsClosed));
        Assert.Equal(CommitStatus.Closed, await CommitAsync(first.Number));
        Assert.Equal(CommitStatus.Done, await CommitAsync(second.Number));

        async Task<CommitStatus> CommitAsync(long number)
        {
            var heads = BucketHeads.Unwritten(BucketId.SyncStorage($"{number}")) with { Version = 1, Clock = new(100), Exists = true };
            return (await Buckets.CommitAsync(new BucketCommit(heads, Guid.NewGuid(), [], [], [], []) { Accounts = [number] })).Status;
        }
    }

    [Fact]
    public async Task Quota_IsSetOnTheStoreInUse()
    {
        var first = await GiveAsync(NewUser());
        Assert.False(await Assignments.SetQuotaAsync(NewUser(), 5, default));

        Assert.True(await Assignments.SetQuotaAsync(first.User, 5_000_000_000, default));
        Assert.Equal(5_000_000_000, (await Assignments.FindAsync(first.User, default))[0].QuotaBytes);
        Assert.True(await Assignments.SetQuotaAsync(first.User, quotaBytes: null, default));
        Assert.Equal([first], await Assignments.FindAsync(first.User, default));
        await Assignments.EndAsync(first, retire: false, At(200), default);
        Assert.False(await Assignments.SetQuotaAsync(first.User, 5, default));
    }

    [Fact]
    public async Task Lists_PageByNumber_WhatIsInUseAndWhatIsReplaced()
    {
        var (used, replaced) = (new List<long>(), new List<long>());
        var start = (await GiveAsync(NewUser())).Number;
        for (var i = 0; i < 7; i++)
        {
            var first = await GiveAsync(NewUser());
            var second = await Assignments.GiveAsync(first.User, first, Keys, node: 0, quotaBytes: null, At(200 + i), default);
            replaced.Add(first.Number);
            used.Add(second!.Number);
        }

        Assert.Equal(used, await AllAsync((after, limit) => Assignments.ListAsync(after, limit, default)));
        Assert.Equal(replaced, await AllAsync((after, limit) => Assignments.ListReplacedAsync(At(300), after, limit, default)));
        Assert.Equal(replaced.Take(3), await AllAsync((after, limit) => Assignments.ListReplacedAsync(At(203), after, limit, default)));

        async Task<List<long>> AllAsync(Func<long, int, ValueTask<IReadOnlyList<Assignment>>> list)
        {
            var all = new List<long>();
            for (var after = start; await list(after, 3) is { Count: > 0 } page; after = page[^1].Number)
            {
                Assert.InRange(page.Count, 1, 3);
                all.AddRange(page.Select(static one => one.Number));
            }

            return all;
        }
    }

    [Fact]
    public async Task Forget_RemovesWhatIsReplaced_ButWhatKeepsAUserOut()
    {
        var first = await GiveAsync(NewUser());
        var second = (await Assignments.GiveAsync(first.User, first, Keys, node: 0, quotaBytes: null, At(200), default))!;
        await Assignments.ForgetAsync(second.Number, default);
        await Assignments.ForgetAsync(first.Number, default);
        Assert.Equal([second], await Assignments.FindAsync(first.User, default));

        await Assignments.EndAsync(second, retire: true, At(300), default);
        Assert.Contains(await Assignments.ListReplacedAsync(At(400), second.Number - 1, 10, default), one => one.Number == second.Number);
        await Assignments.ForgetAsync(second.Number, default);
        await Assignments.ForgetAsync(second.Number, default);

        Assert.True(Assert.Single(await Assignments.FindAsync(first.User, default)).IsRetired);
        Assert.Null(await Assignments.GiveAsync(first.User, expected: null, Keys, node: 0, quotaBytes: null, At(400), default));
        Assert.DoesNotContain(await Assignments.ListReplacedAsync(At(400), second.Number - 1, 10, default), one => one.Number == second.Number);
    }

    [Fact]
    public async Task Nodes_ArePut_ListedByNumber_AndGivenNumbersOnce()
    {
        var (a, b) = (NewUrl(), NewUrl());
        var first = await Assignments.PutNodeAsync(a, 100, isDown: false, isDraining: false, default);
        var second = await Assignments.PutNodeAsync(b, 50, isDown: true, isDraining: true, default);
        Assert.Equal(new AssignmentNode(first.Number, a, Available: 0, Load: 0, Capacity: 100, IsDown: false, IsDraining: false), first);
        Assert.Equal((true, true), (second.IsDown, second.IsDraining));
        Assert.True(first.Number > 0);

        Assert.Equal(first with { Capacity = 200, IsDraining = true }, await Assignments.PutNodeAsync(a, 200, isDown: false, isDraining: true, default));
        Assert.True(await Assignments.RemoveNodeAsync(b, At(1), default));
        Assert.False(await Assignments.RemoveNodeAsync(b, At(1), default));
        var third = await Assignments.PutNodeAsync(b, 50, isDown: false, isDraining: false, default);

        Assert.Equal([first.Number, third.Number], (await NodesAsync(a, b)).Select(static node => node.Number));
        Assert.True(third.Number > second.Number && second.Number > first.Number);
    }

    [Fact]
    public async Task Node_PutByManyAtOnce_IsOne()
    {
        var url = NewUrl();

        var put = await AllAtOnceAsync(i => Assignments.PutNodeAsync(url, 100 + i, isDown: false, isDraining: false, default));

        Assert.Single(put.Select(static node => node.Number).Distinct());
        Assert.Single(await NodesAsync(url));
    }

    [Fact]
    public async Task Give_OnANode_CountsThere()
    {
        await RemoveNodesAsync();
        var url = NewUrl();
        var node = await Assignments.PutNodeAsync(url, 20, isDown: false, isDraining: false, default);
        Assert.True(await Assignments.ReleaseAsync(0.1, default));
        Assert.Equal(node with { Available = 2 }, Assert.Single(await NodesAsync(url)));

        var given = await AllAtOnceAsync(_ => Assignments.GiveAsync(NewUser(), expected: null, Keys, node.Number, quotaBytes: null, At(100), default));

        Assert.All(given, one => Assert.Equal(node.Number, one!.Node));
        Assert.Equal(node with { Load = Racers }, Assert.Single(await NodesAsync(url)));
        Assert.Null(await Assignments.GiveAsync(given[0]!.User, expected: null, Keys, node.Number, quotaBytes: null, At(100), default));
        Assert.Equal(node with { Load = Racers }, Assert.Single(await NodesAsync(url)));
    }

    [Theory]
    [InlineData(81, 0.1, 8)]
    [InlineData(25, 0.1, 2)]
    [InlineData(35, 0.1, 4)]
    [InlineData(4, 0.1, 1)]
    [InlineData(10, 2, 10)]
    public async Task Release_RoundsHalfToEven_AndReleasesOneAtLeast(int capacity, double rate, int released)
    {
        await RemoveNodesAsync();
        var url = NewUrl();
        await Assignments.PutNodeAsync(url, capacity, isDown: false, isDraining: false, default);

        Assert.True(await Assignments.ReleaseAsync(rate, default));
        Assert.True(await Assignments.ReleaseAsync(rate, default));

        Assert.Equal(released, Assert.Single(await NodesAsync(url)).Available);
    }

    [Fact]
    public async Task Release_WithoutRoom_SaysSo()
    {
        await RemoveNodesAsync();
        Assert.False(await Assignments.ReleaseAsync(0.1, default));
        var full = await Assignments.PutNodeAsync(NewUrl(), 1, isDown: false, isDraining: false, default);
        await Assignments.GiveAsync(NewUser(), expected: null, Keys, full.Number, quotaBytes: null, At(100), default);
        await Assignments.PutNodeAsync(NewUrl(), 100, isDown: true, isDraining: false, default);
        await Assignments.PutNodeAsync(NewUrl(), 100, isDown: false, isDraining: true, default);

        Assert.False(await Assignments.ReleaseAsync(0.1, default));
        Assert.All(await Assignments.ListNodesAsync(default), static node => Assert.Equal(0, node.Available));

        // No more than there is room for, also where there was more before.
        var url = NewUrl();
        await Assignments.PutNodeAsync(url, 100, isDown: false, isDraining: false, default);
        Assert.True(await Assignments.ReleaseAsync(0.5, default));
        Assert.Equal(50, Assert.Single(await NodesAsync(url)).Available);
        Assert.Equal(3, (await Assignments.PutNodeAsync(url, 3, isDown: false, isDraining: false, default)).Available);
    }

    [Fact]
    public async Task Release_ByManyAtOnce_ReleasesOnce_AndTellsAllThatThereIsRoom()
    {
        await RemoveNodesAsync();
        var url = NewUrl();
        await Assignments.PutNodeAsync(url, 100, isDown: false, isDraining: false, default);

        Assert.All(await AllAtOnceAsync(_ => Assignments.ReleaseAsync(0.1, default)), Assert.True);

        Assert.Equal(10, Assert.Single(await NodesAsync(url)).Available);
    }

    [Fact]
    public async Task Node_ThatIsRemoved_TakesItsStoresOutOfUse_AndNoOthers()
    {
        var (gone, kept) = (await Assignments.PutNodeAsync(NewUrl(), 100, isDown: false, isDraining: false, default), await Assignments.PutNodeAsync(NewUrl(), 100, isDown: false, isDraining: false, default));
        var first = (await Assignments.GiveAsync(NewUser(), expected: null, Keys, gone.Number, quotaBytes: null, At(500), default))!;
        var second = (await Assignments.GiveAsync(NewUser(), expected: null, Keys, kept.Number, quotaBytes: null, At(100), default))!;
        var third = await GiveAsync(NewUser());

        Assert.True(await Assignments.RemoveNodeAsync(gone.Url, At(200), default));

        Assert.Equal([first with { Replaced = At(501) }], await Assignments.FindAsync(first.User, default));
        Assert.Equal([second], await Assignments.FindAsync(second.User, default));
        Assert.Equal([third], await Assignments.FindAsync(third.User, default));
        Assert.Null(await Assignments.GiveAsync(first.User, expected: null, Keys, gone.Number, quotaBytes: null, At(300), default));
        Assert.NotNull(await Assignments.GiveAsync(first.User, expected: null, Keys, kept.Number, quotaBytes: null, At(300), default));
    }

    [Fact]
    public async Task Node_RemovedWhileStoresAreGivenOnIt_HasNoneInUse()
    {
        for (var round = 0; round < 5; round++)
        {
            var node = await Assignments.PutNodeAsync(NewUrl(), 100, isDown: false, isDraining: false, default);
            var users = Enumerable.Range(0, Racers).Select(_ => NewUser()).ToList();
            var first = (await Assignments.GiveAsync(users[0], expected: null, Keys, node.Number, quotaBytes: null, At(100), default))!;

            await AllAtOnceAsync(async i => i switch
            {
                0 => await Assignments.GiveAsync(users[0], first, Keys, node.Number, quotaBytes: null, At(200), default) is not null,
                8 => await Assignments.RemoveNodeAsync(node.Url, At(200), default),
                _ => await Assignments.GiveAsync(users[i], expected: null, Keys, node.Number, quotaBytes: null, At(200), default) is not null,
            });

            foreach (var user in users)
            {
                Assert.DoesNotContain(await Assignments.FindAsync(user, default), static one => one.Replaced is null);
            }
        }
    }

    [Fact]
    public async Task Invitation_IsTakenByItsFirstUser_AndStaysTheirs()
    {
        var (alice, bob) = (NewUser(), NewUser());
        var invitation = NewInvitation();
        await Assignments.AddInvitationAsync(invitation, default);
        await Assignments.AddInvitationAsync(invitation with { Note = "once more" }, default);
        Assert.Contains(invitation, await Assignments.ListInvitationsAsync(default));

        Assert.Equal(invitation with { User = alice }, await Assignments.TakeInvitationAsync(invitation.Digest, alice, At(999), default));

        Assert.Null(await Assignments.TakeInvitationAsync(invitation.Digest, bob, At(999), default));
        Assert.Equal(invitation with { User = alice }, await Assignments.TakeInvitationAsync(invitation.Digest, alice, At(5_000), default));
        Assert.DoesNotContain(await Assignments.ListInvitationsAsync(default), one => one.Digest == invitation.Digest);
        Assert.Null(await Assignments.TakeInvitationAsync("none", alice, At(1), default));
    }

    [Fact]
    public async Task Invitation_OfSomebody_IsFound_AndOfSeveralTheLastToEnd()
    {
        var (alice, bob) = (NewUser(), NewUser());
        Assert.Null(await Assignments.FindInvitationOfAsync(alice, default));
        foreach (var (user, end) in new[] { (alice, 1_000L), (alice, 3_000L), (alice, 2_000L), (bob, 4_000L) })
        {
            await Assignments.AddInvitationAsync(NewInvitation() with { Expires = At(end), User = user, QuotaBytes = end }, default);
        }

        await Assignments.AddInvitationAsync(NewInvitation(), default);

        Assert.Equal((alice, 3_000L), await Assignments.FindInvitationOfAsync(alice, default) is { } found ? (found.User, found.QuotaBytes) : default);
        Assert.Equal(bob, (await Assignments.FindInvitationOfAsync(bob, default))?.User);
    }

    [Fact]
    public async Task InvitationToAnAccount_IsSpentWithIt_ByOneOfMany_AndIsOfNoOtherUse()
    {
        var invitation = NewInvitation() with { AccountName = "", QuotaBytes = null };
        await Assignments.AddInvitationAsync(invitation, default);
        Assert.Contains(invitation, await Assignments.ListInvitationsAsync(default));
        Assert.Equal(invitation, await Assignments.FindInvitationAsync(invitation.Digest, default));
        Assert.False(invitation.IsFree(At(1)));
        Assert.Null(await Assignments.TakeInvitationAsync(invitation.Digest, NewUser(), At(1), default));

        var made = await AllAtOnceAsync(_ => Accounts.AddInvitedAsync($"invited-{Guid.NewGuid():N}", "hash", invitation.Digest, At(1), default));

        var account = Assert.Single(made, static one => one is not null)!;
        Assert.Equal(account, await Accounts.FindAsync(account.Name, default));
        Assert.True((await Assignments.FindInvitationAsync(invitation.Digest, default))!.IsOf(account));
        Assert.Null(await Accounts.AddInvitedAsync($"invited-{Guid.NewGuid():N}", "hash", invitation.Digest, At(1), default));
    }

    [Fact]
    public async Task InvitationToAnAccount_MakesNone_WhereItIsOver_OrForAnotherNameOrPurpose()
    {
        var (name, other) = ($"invited-{Guid.NewGuid():N}", NewInvitation());
        var invitation = NewInvitation() with { AccountName = name };
        await Assignments.AddInvitationAsync(invitation, default);
        await Assignments.AddInvitationAsync(other, default);
        await Accounts.AddAsync(name + "-taken", "hash", At(1), default);

        Assert.Null(await Accounts.AddInvitedAsync(name, "hash", invitation.Digest, invitation.Expires, default));
        Assert.Null(await Accounts.AddInvitedAsync(name + "2", "hash", invitation.Digest, At(1), default));
        Assert.Null(await Accounts.AddInvitedAsync(name, "hash", other.Digest, At(1), default));
        Assert.Null(await Accounts.AddInvitedAsync(name, "hash", "none", At(1), default));
        Assert.Null(await Accounts.FindAsync(name, default));

        Assert.Equal(name, (await Accounts.AddInvitedAsync(name, "hash", invitation.Digest, At(1), default))!.Name);
    }

    [Fact]
    public async Task InvitationToAnAccount_WhoseNameIsTaken_IsNotSpent()
    {
        var (taken, free) = ($"invited-{Guid.NewGuid():N}", $"invited-{Guid.NewGuid():N}");
        var invitation = NewInvitation() with { AccountName = "" };
        await Assignments.AddInvitationAsync(invitation, default);
        await Accounts.AddAsync(taken, "hash", At(1), default);

        Assert.Null(await Accounts.AddInvitedAsync(taken, "hash", invitation.Digest, At(1), default));

        Assert.NotNull(await Accounts.AddInvitedAsync(free, "hash", invitation.Digest, At(1), default));
    }

    [Fact]
    public async Task Invitation_ThatHasEnded_IsNobodys()
    {
        var invitation = NewInvitation();
        await Assignments.AddInvitationAsync(invitation, default);

        Assert.Null(await Assignments.TakeInvitationAsync(invitation.Digest, NewUser(), At(1_000), default));
        Assert.Contains(invitation, await Assignments.ListInvitationsAsync(default));
        Assert.True(await Assignments.RemoveInvitationAsync(invitation.Digest, default));
        Assert.False(await Assignments.RemoveInvitationAsync(invitation.Digest, default));
        Assert.Null(await Assignments.TakeInvitationAsync(invitation.Digest, NewUser(), At(1), default));
    }

    [Fact]
    public async Task Invitation_TakenByManyAtOnce_IsOneUsers()
    {
        for (var round = 0; round < 5; round++)
        {
            var invitation = NewInvitation() with { QuotaBytes = null };
            await Assignments.AddInvitationAsync(invitation, default);
            var users = Enumerable.Range(0, Racers).Select(_ => NewUser()).ToList();

            var taken = await AllAtOnceAsync(i => Assignments.TakeInvitationAsync(invitation.Digest, users[i], At(1), default));

            var winner = Assert.Single(taken, static one => one is not null)!;
            Assert.Equal(winner, await Assignments.TakeInvitationAsync(invitation.Digest, winner.User!.Value, At(1), default));
            Assert.Equal(winner.User, users[taken.IndexOf(winner)]);
        }
    }

    private static ServerTimestamp At(long milliseconds) => new(milliseconds);

    protected static UserIdentity NewUser() => new("issuer", $"u{Guid.NewGuid():N}");

    private static string NewUrl() => $"https://{Guid.NewGuid():N}.example.org";

    private static Invitation NewInvitation() => new($"{Guid.NewGuid():N}", "for somebody", 5_000_000_000, At(1_000), User: null);

    private static async Task<T[]> AllAtOnceAsync<T>(Func<int, ValueTask<T>> run)
    {
        using var barrier = new Barrier(Racers);
        return await Task.WhenAll(Enumerable.Range(0, Racers).Select(i => Task.Factory.StartNew(
            () =>
            {
                barrier.SignalAndWait();
                return run(i).AsTask();
            },
            default, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap()));
    }

    private async Task<Assignment> GiveAsync(UserIdentity user, long now = 100) =>
        (await Assignments.GiveAsync(user, expected: null, Keys, node: 0, quotaBytes: null, At(now), default))!;

    private async Task<IReadOnlyList<AssignmentNode>> NodesAsync(params string[] urls) =>
        [.. (await Assignments.ListNodesAsync(default)).Where(node => urls.Contains(node.Url))];

    private async Task RemoveNodesAsync()
    {
        foreach (var node in await Assignments.ListNodesAsync(default))
        {
            await Assignments.RemoveNodeAsync(node.Url, At(1), default);
        }
    }
}
