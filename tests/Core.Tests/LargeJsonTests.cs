using System.Text;
using System.Text.Json;
using Lockstep.Core.Json;
using Lockstep.Core.Patches;
using Lockstep.Core.Records;
using Lockstep.Core.Time;

namespace Lockstep.Core.Tests;

/// <summary>
/// Values with as many members as a body has room for. What they cost is measured in bench; a cost that is the product of record
/// and patch shows here all the same, as minutes.
/// </summary>
public sealed class LargeJsonTests
{
    private const int Count = 60_000;

    private static readonly byte[] Fields = Object(Enumerable.Range(0, Count));

    [Theory]
    [InlineData(PatchKind.Shallow)]
    [InlineData(PatchKind.Merge)]
    public void Merge_OfManyFieldsIntoMany_ChangesThoseThatItNames(PatchKind kind)
    {
        var existing = new StoredRecord { Id = "a", Modified = new ServerTimestamp(7), Body = Fields };
        var patch = Encoding.UTF8.GetBytes($"{{{string.Join(',', Enumerable.Range(0, Count / 3).Select(i => $"\"k{i * 3}\":null"))}}}");

        using var result = JsonText.Parse(RecordPatch.Apply(kind, existing, patch).Data!.Body);

        var left = result.RootElement.EnumerateObject().Count(property => property.Value.ValueKind == JsonValueKind.Number);
        Assert.Equal(Count / 3 * 2, left);
        Assert.Equal(kind == PatchKind.Merge ? left : Count, result.RootElement.GetPropertyCount());
    }

    [Fact]
    public void Members_RemovedAndAddedAgain_AreAllThere()
    {
        using var document = JsonText.Parse(Fields);
        var members = new JsonMembers(document.RootElement);
        for (var i = 0; i < Count; i++)
        {
            Assert.True(members.TryGet($"k{i}", out var value));
            members.Remove($"k{i}");
            Assert.False(members.TryGet($"k{i}", out _));
            members.Set($"k{i}", value);
        }

        Assert.All(Enumerable.Range(0, Count), i => Assert.True(members.TryGet($"k{i}", out _)));
    }

    [Fact]
    public void Items_InsertedAtTheFrontAndRemovedBehindIt_LeaveTheOthersWhereTheyWere()
    {
        using var document = JsonText.Parse(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(0, Count))}]"));
        var items = new JsonItems(document.RootElement);
        var (first, second, last) = (items[0], items[1], items[Count - 1]);
        for (var i = 0; i < Count; i++)
        {
            items.Insert(0, first);
            items.RemoveAt(1);
        }

        Assert.Same(first, items[0]);
        Assert.Same(second, items[1]);
        Assert.Same(last, items[Count - 1]);
    }

    [Fact]
    public void Equality_OfObjectsInAnotherOrder_Holds()
    {
        using var document = JsonText.Parse(Fields);
        using var reversed = JsonText.Parse(Object(Enumerable.Range(0, Count).Reverse()));
        using var other = JsonText.Parse(Object(Enumerable.Range(1, Count).Reverse()));

        Assert.True(JsonEquality.Same(document.RootElement, reversed.RootElement));
        Assert.False(JsonEquality.Same(document.RootElement, other.RootElement));
    }

    private static byte[] Object(IEnumerable<int> numbers) =>
        Encoding.UTF8.GetBytes($"{{{string.Join(',', numbers.Select(i => $"\"k{i}\":{i}"))}}}");
}
