using System.Globalization;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Permissions;

namespace Lockstep.Gateway.Kinto;

/// <summary>What is wrong with an operation, in the protocol's words.</summary>
internal static class KintoFaults
{
    private const string Body = "body";
    private const string Path = "path";
    private const string Query = "querystring";

    public static Refused Of(Invalid invalid)
    {
        var (figure, detail) = (invalid.Figure?.ToString(CultureInfo.InvariantCulture), invalid.Detail);
        return invalid.Reason switch
        {
            InvalidReason.CursorOfOtherOrder => new(Query, "_token", "_token has invalid content"),
            InvalidReason.LongSortValues => new(Query, "_sort", "_sort goes by values that are too long to go on from; sort by another field"),
            InvalidReason.TooManyToSort => new(Query, "_sort", $"Too much to sort by this field (over {figure} records match); sort by last_modified or id."),
            InvalidReason.TooManyToCount => new(
                Path, null, $"More than {figure} objects would have to be looked at for this count, which is too many among writes. Ask for it by itself."),
            InvalidReason.BeforeHorizon => new(Path, "timestamp", $"The history of the collection begins at {figure}: what it was before that is not known any more"),
            InvalidReason.PrincipalNotThere => new(Body, "permissions", "JSON Patch operation failed: a principal that it needs is not there"),
            InvalidReason.TooManyPrincipals => new(Body, "permissions", $"An object may name {figure} principals."),
            InvalidReason.TooManyForeignGroups => new(Body, "permissions", $"The objects of a bucket may name {figure} groups of other buckets together."),
            InvalidReason.MembersNoList => new(Body, Members, "should be a list of principals"),
            InvalidReason.MemberNoUser => new(Body, Members, $"'{detail}' is not a valid user ID."),
            InvalidReason.TooManyMembers => new(Body, Members, $"A group may have {figure} members."),
            InvalidReason.FileOfOther => new(Body, "data.attachment", "Attachment metadata cannot be modified"),
            InvalidReason.DataNoObject => new(Body, "data", "data must be an object"),
            InvalidReason.OtherId => new(Body, "id", "Object id does not match existing object"),
            InvalidReason.PatchFailed => new(Body, null, $"JSON Patch operation failed: {detail}"),
            InvalidReason.PatchTooDeep => new(Body, null, $"The patch leads to more than {figure} objects and arrays in each other."),
            InvalidReason.ReservedMember => new(
                Body, $"data.{detail}", "is what clients are told of the object itself; as a field of the data it can only be false, null, 0 or an empty string"),
            _ => throw new InvalidOperationException($"Unknown reason {invalid.Reason}."),
        };
    }

    private const string Members = $"data.{GroupMembers.Field}";
}
