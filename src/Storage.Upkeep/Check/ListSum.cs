using System.Data.Common;

namespace Lockstep.Storage.Upkeep.Check;

/// <summary>The sums of a list's rows.</summary>
/// <param name="Bucket">The key of its bucket.</param>
/// <param name="Key">The key of its rows.</param>
/// <param name="Rows">All rows, including tombstones.</param>
/// <param name="Count">Live records.</param>
/// <param name="Bytes">Bytes of their bodies.</param>
/// <param name="Newest">The newest stamp.</param>
/// <param name="Expiry">When the first one expires.</param>
internal sealed record ListSum(long Bucket, int Key, long Rows, long Count, long Bytes, long Newest, long? Expiry)
{
    public static ListSum None { get; } = new(0, 0, 0, 0, 0, 0, null);

    public const string Columns =
        """
        bucket, list, count(*), sum(CASE WHEN deleted THEN 0 ELSE 1 END), sum(CASE WHEN deleted THEN 0 ELSE length(body) END), max(modified),
        min(CASE WHEN deleted THEN NULL ELSE expiry END)
        """;

    public static ListSum Read(DbDataReader reader) => new(
        reader.Number(0), (int)reader.Number(1), reader.Number(2), reader.Number(3), reader.Number(4), reader.Number(5), reader.IsDBNull(6) ? null : reader.Number(6));
}
