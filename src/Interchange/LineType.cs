namespace Lockstep.Interchange;

/// <summary>The values of <c>t</c>, the first field of each line.</summary>
internal static class LineType
{
    public const string Header = "header";
    public const string Account = "account";
    public const string Row = "row";
    public const string Store = "store";
    public const string Quota = "quota";
    public const string Bucket = "bucket";
    public const string List = "list";
    public const string Record = "record";
    public const string File = "file";
    public const string Piece = "piece";
    public const string Standing = "standing";
    public const string BucketEnd = "bucket-end";
    public const string End = "end";
}
