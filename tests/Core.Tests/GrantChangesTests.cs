using System.Diagnostics;
using Lockstep.Core.Owner;
using Lockstep.Core.Storage;
using Lockstep.Core.Time;

namespace Lockstep.Core.Tests;

/// <summary>What a turn has changed in the index of principals is found by principal.</summary>
public sealed class GrantChangesTests
{
    private static readonly GrantKey Bob = new(3, GrantRelation.Member, "account:bob#2", "staff");

    [Fact]
    public void Of_IsWhatWasSetLast_AlsoAfterALookUp()
    {
        var changes = new GrantChanges();
        Assert.Empty(changes.Of(GrantRelation.Member, Bob.Principal));
        changes[Bob] = new ServerTimestamp(1);
        changes[Bob with { Principal = "account:carol#3" }] = new ServerTimestamp(2);
        changes[Bob with { Relation = GrantRelation.Changed }] = new ServerTimestamp(3);
        Assert.Equal([KeyValuePair.Create(Bob, (ServerTimestamp?)new ServerTimestamp(1))], changes.Of(GrantRelation.Member, Bob.Principal));

        changes[Bob] = null;
        changes[Bob with { Id = "other" }] = new ServerTimestamp(4);
        changes.TryAdd(Bob with { Id = "third" }, null);
        changes.TryAdd(Bob with { Id = "other" }, null);

        Assert.Equal([("staff", null), ("other", 4L), ("third", null)], changes.Of(GrantRelation.Member, Bob.Principal).Select(static row => (row.Key.Id, row.Value?.Milliseconds)));
        Assert.Equal(5, changes.Count);
        Assert.Equal(5, changes.ToList().Count);
    }

    /// <summary>A turn looks up for each of its callers, and can have written very many rows.</summary>
    [Fact]
    public void Of_OnePrincipal_CostsNothingForTheOthers()
    {
        var changes = new GrantChanges { [Bob] = new ServerTimestamp(1) };
        for (var i = 0; i < 100_000; i++)
        {
            changes[Bob with { Principal = $"account:u{i}#{100 + i}" }] = new ServerTimestamp(1);
        }

        var begun = Stopwatch.GetTimestamp();
        for (var i = 0; i < 50_000; i++)
        {
            Assert.Single(changes.Of(GrantRelation.Member, Bob.Principal));
        }

        // To look at all of them each time would be 5,000,000,000 steps.
        Assert.InRange(Stopwatch.GetElapsedTime(begun), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }
}
