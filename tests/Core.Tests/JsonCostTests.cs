using System.Text;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Tests;

/// <summary>
/// What a patch costs grows with the record and with the patch, not with one times the other: an owner does nothing else
/// meanwhile. Each test compares with going through the same value once; a product of the two would be a hundred times that.
/// </summary>
public sealed class JsonCostTests
{
    private const int Count = 60_000;
    private const int Factor = 20;

    private static readonly byte[] Fields = Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, Count).Select(i => $"\"k{i}\":{i}"))}}}");
    private static readonly byte[] Items = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, Count))}]");

    [Theory]
    [InlineData(PatchKind.Shallow)]
    [InlineData(PatchKind.Merge)]
    public void Merge_OfManyFieldsIntoMany_IsLinear(PatchKind kind)
    {
        var existing = new StoredRecord { Id = "a", Modified = new ServerTimestamp(7), Body = Fields };
        var patch = Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, Count / 3).Select(i => $"\"k{i * 3}\":null"))}}}");

        AssertLinear(() => Assert.NotNull(RecordPatch.Apply(kind, existing, patch).Data), Fields);
    }

    [Fact]
    public void Members_RemovedAndAddedAgain_AreFoundInConstantTime()
    {
        using var document = JsonText.Parse(Fields);
        AssertLinear(
            () =>
            {
                var members = new JsonMembers(document.RootElement);
                for (var i = 0; i < Count; i++)
                {
                    Assert.True(members.TryGet($"k{i}", out var value));
                    members.Remove($"k{i}");
                    members.Set($"k{i}", value);
                }
            },
            Fields);
    }

    [Fact]
    public void Items_RemovedAtTheFrontAndInsertedThere_MoveFewOthers()
    {
        using var document = JsonText.Parse(Items);
        AssertLinear(
            () =>
            {
                var items = new JsonItems(document.RootElement);
                var item = items[0];
                for (var i = 0; i < Count; i++)
                {
                    items.Insert(0, item);
                    items.RemoveAt(1);
                }
            },
            Items);
    }

    [Fact]
    public void Equality_OfObjectsInAnotherOrder_IsLinear()
    {
        using var document = JsonText.Parse(Fields);
        using var reversed = JsonText.Parse(Encoding.UTF8.GetBytes(
            $"{{{string.Join(',', Enumerable.Range(0, Count).Reverse().Select(i => $"\"k{i}\":{i}"))}}}"));
        AssertLinear(() => Assert.True(JsonEquality.Same(document.RootElement, reversed.RootElement)), Fields);
    }

    private static void AssertLinear(Action action, byte[] json)
    {
        var once = Time(() =>
        {
            using var document = JsonText.Parse(json);
            Assert.True(JsonEquality.Same(document.RootElement, document.RootElement));
        });
        Assert.InRange(Time(action), TimeSpan.Zero, Factor * once);
    }

    /// <summary>The least of several times, so that what else the machine does counts little.</summary>
    private static TimeSpan Time(Action action) => Enumerable.Range(0, 3).Min(_ =>
    {
        var begun = TimeProvider.System.GetTimestamp();
        action();
        return TimeProvider.System.GetElapsedTime(begun);
    });
}
