namespace Lockstep.Interchange;

/// <summary>Names a bucket on any server: by whose it is, where its id is a server's own.</summary>
/// <param name="Kind">See the constants.</param>
/// <param name="Id">Of <see cref="Named"/> the id, of <see cref="Default"/> the user's principal, of <see cref="Sync"/> the subject, of <see cref="OldSync"/> the account's name.</param>
/// <param name="Issuer">Of <see cref="Sync"/> who vouches for the user; else empty.</param>
internal readonly record struct BucketName(string Kind, string Id, string Issuer = "")
{
    public const string Named = "named";
    public const string Default = "default";
    public const string Sync = "sync";
    public const string OldSync = "sync-1.1";

    public override string ToString() => Kind switch
    {
        Named => $"the bucket '{Id}'",
        Default => $"the default bucket of '{Id}'",
        _ => $"the Sync storage of '{Id}'",
    };
}
