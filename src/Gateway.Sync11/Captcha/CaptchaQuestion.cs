namespace Lockstep.Gateway.Sync11.Captcha;

/// <summary>A question, as a person reads it.</summary>
/// <param name="Language">Two letters.</param>
/// <param name="Title">The page's title.</param>
/// <param name="Text">The question.</param>
/// <param name="Challenge">A text that comes back with the answer, to check it. Does not contain the answer.</param>
public sealed record CaptchaQuestion(string Language, string Title, string Text, string Challenge);
