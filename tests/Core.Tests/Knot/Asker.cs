using Lockstep.Core.Buckets;

namespace Lockstep.Core.Tests.Knot;

/// <summary>Decides by the kind of a bucket, in code that the compiler moves to another type: what the test of borders must see.</summary>
internal static class Asker
{
    public static Func<BucketId, bool> Asks(BucketKind wanted) => bucket => bucket.Kind == wanted;
}
