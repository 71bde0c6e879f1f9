using System.Globalization;
using Lockstep.Core.Outcomes;
using Lockstep.Core.Records;

namespace Lockstep.Grains.Wire;

/// <summary>
/// What is wrong with an operation, in the words that silos up to 0.2.0 have sent. Gateways of these versions, and gateways that do not know a newer reason, answer
/// what they are sent. Others have words of their own, which a test compares with these: the answer must not depend on which gateway gives it.
/// </summary>
internal static class InvalidWords
{
    public static Refused Of(Invalid invalid)
    {
        var (figure, detail) = (invalid.Figure?.ToString(CultureInfo.InvariantCulture), invalid.Detail);
        return invalid.Reason switch
        {
            InvalidReason.CursorOfOtherOrder => new("querystring", "_token", "_token has invalid content"),
            InvalidReason.LongSortValues => new("querystring", "_sort", "_sort goes by values that are too long to go on from; sort by another field"),
            InvalidReason.TooManyToSort => new("querystring", "_sort", $"Too much to sort by this field (over {figure} records match); sort by last_modified or id."),
            InvalidReason.TooManyToCount => new(
                "path", null, $"More than {figure} objects would have to be looked at for this count, which is too many among writes. Ask for it by itself."),
            InvalidReason.BeforeHorizon => new(
                "path", "timestamp", $"The history of the collection begins at {figure}: what it was before that is not known any more"),
            InvalidReason.PrincipalNotThere => new("body", "permissions", "JSON Patch operation failed: a principal that it needs is not there"),
            InvalidReason.TooManyPrincipals => new("body", "permissions", $"An object may name {figure} principals."),
            InvalidReason.TooManyForeignGroups => new("body", "permissions", $"The objects of a bucket may name {figure} groups of other buckets together."),
            InvalidReason.MembersNoList => new("body", "data.members", "should be a list of principals"),
            InvalidReason.MemberNoUser => new("body", "data.members", $"'{detail}' is not a valid user ID."),
            InvalidReason.TooManyMembers => new("body", "data.members", $"A group may have {figure} members."),
            InvalidReason.FileOfOther => new("body", "data.attachment", "Attachment metadata cannot be modified"),
            InvalidReason.DataNoObject => new("body", "data", "data must be an object"),
            InvalidReason.OtherId => new("body", "id", "Object id does not match existing object"),
            InvalidReason.PatchFailed => new("body", null, $"JSON Patch operation failed: {detail}"),
            InvalidReason.PatchTooDeep => new("body", null, $"The patch leads to more than {figure} objects and arrays in each other."),
            InvalidReason.ReservedMember => new(
                "body", $"data.{detail}", "is what clients are told of the object itself; as a field of the data it can only be false, null, 0 or an empty string"),
            _ => throw new InvalidOperationException($"Unknown reason {invalid.Reason}."),
        };
    }
}
