namespace Lockstep.Import.Kinto;

/// <summary>Limits of names and data here, as the protocol that serves them sets them.</summary>
/// <param name="IsAccount">Whether an account can have a name.</param>
/// <param name="IsId">Whether a bucket, collection, group or record can have an id.</param>
/// <param name="IsPassword">Whether a user can sign in if their password has this hash.</param>
/// <param name="DefaultBucketOf">The id of a user's default bucket, given their principal and the number of their account; 0 if they have none.</param>
/// <param name="MaxRecordBytes">Bytes of an object's data.</param>
/// <param name="MaxCollections">Collections of a bucket, beyond which no more can be made.</param>
/// <param name="MaxForeignGroups">Groups of other buckets that may count in a bucket.</param>
public sealed record KintoImportRules(
    Func<string, bool> IsAccount, Func<string, bool> IsId, Func<string, bool> IsPassword, Func<string, long, string> DefaultBucketOf, int MaxRecordBytes, int MaxCollections, int MaxForeignGroups);
