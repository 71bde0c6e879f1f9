using System.Globalization;

namespace Lockstep.Gateway.Sync11.Tests;

/// <summary>Parameters of a collection, and what they mean.</summary>
public sealed record RecordQuery
{
    public string? Newer { get; init; }

    public string? Older { get; init; }

    public IReadOnlyList<string>? Ids { get; init; }

    public int? IndexAbove { get; init; }

    public int? IndexBelow { get; init; }

    public string? Sort { get; init; }

    public int? Limit { get; init; }

    /// <summary>Only together with a limit.</summary>
    public int Offset { get; init; }

    /// <summary>Whether it says nothing of which records: then DELETE means the collection.</summary>
    public bool IsOfAll => Newer is null && Older is null && Ids is null && Limit is null;

    public string Text => string.Join('&', new[]
    {
        Parameter("newer", Newer), Parameter("older", Older), Parameter("ids", Ids is null ? null : string.Join(',', Ids)), Parameter("index_above", IndexAbove), Parameter("index_below", IndexBelow),
        Parameter("sort", Sort), Parameter("limit", Limit), Parameter("offset", Offset > 0 ? Offset : null),
    }.OfType<string>());

    /// <summary>Of times and ids that there are, mostly.</summary>
    public static RecordQuery Next(Random random, IReadOnlyList<WeaveRecord> all)
    {
        bool OneIn(int many) => random.Next(many) == 0;
        string Time() => all[random.Next(all.Count)].Modified + (OneIn(4) ? "4" : "");
        var limit = OneIn(2) ? random.Next(1, 20) : default(int?);
        return new RecordQuery
        {
            Newer = OneIn(3) ? Time() : null,
            Older = OneIn(3) ? Time() : null,
            Ids = OneIn(3) ? [.. Enumerable.Range(0, random.Next(1, 30)).Select(_ => OneIn(6) ? "nobody" : all[random.Next(all.Count)].Id)] : null,
            IndexAbove = OneIn(4) ? random.Next(-22, 22) : null,
            IndexBelow = OneIn(4) ? random.Next(-22, 22) : null,
            Sort = OneIn(3) ? null : new[] { "oldest", "newest", "index" }[random.Next(3)],
            Limit = limit,
            Offset = limit is not null && OneIn(3) ? random.Next(1, 15) : 0,
        };
    }

    /// <summary>Asserts that an answer has what is meant: as many as there are, in the order of what is sorted by. Which of several that are equal in that comes first is not said.</summary>
    public void AssertAnswer(IReadOnlyList<WeaveRecord> all, IReadOnlyList<string> answer, string what) =>
        AssertAnswer(all, [.. answer.Select(id => all.Single(record => record.Id == id))], what);

    /// <inheritdoc cref="AssertAnswer(IReadOnlyList{WeaveRecord}, IReadOnlyList{string}, string)"/>
    public void AssertAnswer(IReadOnlyList<WeaveRecord> all, IReadOnlyList<WeaveRecord> answer, string what)
    {
        var meant = InOrder(all.Where(IsMeant));
        var expected = meant.Skip(Offset).Take(Limit ?? int.MaxValue).ToList();
        Assert.True(
            expected.Count == answer.Distinct().Count() && answer.Count == expected.Count && answer.All(IsMeant)
                && (Sort is null || expected.Select(Key).SequenceEqual(answer.Select(Key))),
            $"{what}\n{string.Join(' ', answer)}\nin place of\n{string.Join(' ', expected)}");
    }

    /// <summary>As it sorts; those without a weight last.</summary>
    public IReadOnlyList<WeaveRecord> InOrder(IEnumerable<WeaveRecord> records) => [.. records.OrderBy(Key)];

    private static string? Parameter(string name, object? value) => value is null ? null : string.Create(CultureInfo.InvariantCulture, $"{name}={value}");

    /// <summary>What is finer than a hundredth does not count.</summary>
    private static long Hundredths(string time) => WeaveAnswer.Hundredths(time[..(time.IndexOf('.', StringComparison.Ordinal) + 3)]);

    private bool IsMeant(WeaveRecord record) =>
        (Newer is null || record.Hundredths > Hundredths(Newer)) && (Older is null || record.Hundredths < Hundredths(Older)) && (Ids is null || Ids.Contains(record.Id))
        && (IndexAbove is null || record.Weight > IndexAbove) && (IndexBelow is null || record.Weight < IndexBelow);

    private long Key(WeaveRecord record) => Sort switch
    {
        "oldest" => record.Hundredths,
        "newest" => -record.Hundredths,
        "index" => -(long)(record.Weight ?? int.MinValue),
        _ => 0,
    };
}
