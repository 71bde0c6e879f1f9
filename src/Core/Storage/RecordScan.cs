using Lockstep.Core.Lists;

namespace Lockstep.Core.Storage;

/// <summary>A read of one list's rows.</summary>
/// <param name="Bucket">The bucket.</param>
/// <param name="List">The list's key.</param>
/// <param name="Query">Filters, projection and cursor; its own limits do not count here.</param>
/// <param name="Limit">Rows at most.</param>
/// <param name="MaxBytes">Bytes of bodies after which to stop; the row that passes it is still returned.</param>
public sealed record RecordScan(BucketKey Bucket, int List, ListQuery Query, int Limit, long MaxBytes)
{
    public ListOrder Order => Query.Order;
}
