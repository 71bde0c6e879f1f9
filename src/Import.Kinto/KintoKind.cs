namespace Lockstep.Import.Kinto;

/// <summary>What <c>resource_name</c> says of rows that come over.</summary>
internal static class KintoKind
{
    public const string Account = "account";
    public const string Bucket = "bucket";
    public const string Collection = "collection";
    public const string Group = "group";
    public const string Record = "record";
}
