using System.Data.Common;
using Lockstep.Core.Buckets;

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>A row of <c>buckets</c>.</summary>
/// <param name="Row">Its key.</param>
/// <param name="Id">The stored id.</param>
/// <param name="Kind">Its kind; <see cref="BucketKind.Unknown"/> also for the number of a kind that a newer program has stored.</param>
/// <param name="IsLive">Whether the bucket exists.</param>
/// <param name="Version">Its version. Zero: it has a row, but was never written.</param>
/// <param name="Clock">The last stamp issued.</param>
/// <param name="Base">The stamp of the last deletion.</param>
/// <param name="NextKey">The number of the next list.</param>
/// <param name="AuthorNumber">The number of the author's account, if it counts.</param>
internal sealed record BucketRow(long Row, string Id, BucketKind Kind, bool IsLive, long Version, long Clock, long Base, long NextKey, long? AuthorNumber)
{
    public const string Columns =
        "bucket, id, kind, CASE WHEN live THEN 1 ELSE 0 END, version, clock, base, next_key, CASE WHEN author_base = base THEN author_number END";

    public static BucketRow Read(DbDataReader reader) => new(
        reader.Number(0), reader.GetString(1), KindOf(reader.Number(2)), reader.Number(3) != 0, reader.Number(4), reader.Number(5), reader.Number(6), reader.Number(7),
        reader.IsDBNull(8) ? null : reader.Number(8));

    private static BucketKind KindOf(long stored) => Array.Find(Enum.GetValues<BucketKind>(), kind => (long)kind == stored);
}
