namespace Lockstep.Core.Json;

/// <summary>How <see cref="JsonMerge"/> puts one object over another.</summary>
public enum JsonMergeRule : byte
{
    /// <summary>A member takes the place of the one with its name, whole.</summary>
    Replace = 0,

    /// <summary>As <see cref="Replace"/>, but where both are objects they are merged in the same way.</summary>
    Deep,

    /// <summary>RFC 7396: as <see cref="Deep"/>, and null removes.</summary>
    MergePatch,
}
