namespace Lockstep.Import.Kinto;

/// <summary>The values of <c>resource_name</c> in rows that are imported.</summary>
internal static class KintoKind
{
    public const string Account = "account";
    public const string Bucket = "bucket";
    public const string Collection = "collection";
    public const string Group = "group";
    public const string Record = "record";
}
