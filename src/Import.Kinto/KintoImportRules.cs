namespace Lockstep.Import.Kinto;

/// <summary>What names and data may be here, as the protocol that serves them says.</summary>
/// <param name="IsAccount">Whether somebody can sign in by a name.</param>
/// <param name="IsId">Whether a bucket, collection, group or record can have an id.</param>
/// <param name="IsPassword">Whether somebody can sign in whose password has this hash.</param>
/// <param name="DefaultBucketOf">The id of the bucket that is somebody's alone, of their principal and the number of their account; 0 where they have none.</param>
/// <param name="MaxRecordBytes">Bytes of an object's data.</param>
/// <param name="MaxCollections">Collections of a bucket, beyond which none can be made.</param>
/// <param name="MaxForeignGroups">Groups of other buckets that count in a bucket.</param>
public sealed record KintoImportRules(
    Func<string, bool> IsAccount, Func<string, bool> IsId, Func<string, bool> IsPassword, Func<string, long, string> DefaultBucketOf, int MaxRecordBytes, int MaxCollections, int MaxForeignGroups);
