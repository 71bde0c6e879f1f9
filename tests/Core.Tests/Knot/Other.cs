namespace Lockstep.Core.Tests.Knot.There;

/// <summary>As <see cref="Here.One"/>.</summary>
internal sealed record Other(Here.One? One);
